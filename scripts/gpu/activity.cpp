// What a GPU did while a program ran, by CUPTI's activity records: loaded into the program through
// CUDA_INJECTION64_PATH (and NVTX_INJECTION64_PATH=libcupti.so for the ranges), it writes a line for each record to
// $SKIPBENCH_ACTIVITY:
//
//   K start end                     a kernel
//   C start end kind bytes          a copy; kind as CUpti_ActivityMemcpyKind: 1 host to device, 2 device to host, 8 on
//   the device S start end type                the host waited; type as CUpti_ActivitySynchronizationType: 1 event, 2
//   stream event, 3 stream, 4 context B time id name, E time id       an NVTX range begins, ends
//
// Times in ns of CUPTI's clock. Built by scripts/gpu_bundle.
#include <cupti.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace {

std::FILE* out = nullptr;
std::mutex mutex;

void Buffer(uint8_t** buffer, size_t* size, size_t* max_records) {
  *size = 1 << 22;
  *buffer = static_cast<uint8_t*>(std::aligned_alloc(8, *size));
  *max_records = 0;
}

void WriteRecord(const CUpti_Activity* record) {
  switch (record->kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL: {
      const auto* k = reinterpret_cast<const CUpti_ActivityKernel10*>(record);
      std::fprintf(out, "K %llu %llu\n", static_cast<unsigned long long>(k->start),
                   static_cast<unsigned long long>(k->end));
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMCPY: {
      const auto* c = reinterpret_cast<const CUpti_ActivityMemcpy6*>(record);
      std::fprintf(out, "C %llu %llu %d %llu\n", static_cast<unsigned long long>(c->start),
                   static_cast<unsigned long long>(c->end), c->copyKind, static_cast<unsigned long long>(c->bytes));
      break;
    }
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION: {
      const auto* s = reinterpret_cast<const CUpti_ActivitySynchronization2*>(record);
      std::fprintf(out, "S %llu %llu %d\n", static_cast<unsigned long long>(s->start),
                   static_cast<unsigned long long>(s->end), s->type);
      break;
    }
    case CUPTI_ACTIVITY_KIND_MARKER: {
      const auto* m = reinterpret_cast<const CUpti_ActivityMarker2*>(record);
      const bool begins = (m->flags & CUPTI_ACTIVITY_FLAG_MARKER_START) != 0;
      if (begins)
        std::fprintf(out, "B %llu %u %s\n", static_cast<unsigned long long>(m->timestamp), m->id,
                     m->name ? m->name : "?");
      else
        std::fprintf(out, "E %llu %u\n", static_cast<unsigned long long>(m->timestamp), m->id);
      break;
    }
    default: break;
  }
}

void BufferDone(CUcontext, uint32_t, uint8_t* buffer, size_t, size_t valid) {
  const std::lock_guard<std::mutex> lock(mutex);
  CUpti_Activity* record = nullptr;
  while (cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) WriteRecord(record);
  std::free(buffer);
}

void AtExit() {
  cuptiActivityFlushAll(1);
  const std::lock_guard<std::mutex> lock(mutex);
  std::fclose(out);
}

}  // namespace

// CUDA calls this when it starts.
extern "C" int InitializeInjection() {
  const char* file = std::getenv("SKIPBENCH_ACTIVITY");
  out = file ? std::fopen(file, "w") : nullptr;
  if (!out) return 0;
  cuptiActivityRegisterCallbacks(Buffer, BufferDone);
  for (const auto kind : {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                          CUPTI_ACTIVITY_KIND_SYNCHRONIZATION, CUPTI_ACTIVITY_KIND_MARKER})
    if (const CUptiResult result = cuptiActivityEnable(kind); result != CUPTI_SUCCESS)
      std::fprintf(stderr, "CUPTI: activity kind %d: error %d\n", kind, result);
  std::atexit(AtExit);
  return 1;
}
