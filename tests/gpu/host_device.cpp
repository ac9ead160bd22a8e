#include "tests/gpu/host_device.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace skipbench::testing {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
const c10::Device kDevice(kType, 0);
// Set in the device's addresses: no program's memory stands there, so that a read is a fault.
constexpr uintptr_t kMark = uintptr_t{1} << 62;

std::mutex mutex;
DeviceTraffic traffic;
int64_t limit = 0;

template <typename F>
void Count(F count) {
  const std::lock_guard lock(mutex);
  count(traffic);
}

bool IsOurs(const at::Tensor& t) { return t.defined() && t.device().type() == kType; }

// Another storage of the same memory, which it keeps alive.
c10::Storage Twin(const c10::Storage& storage, c10::Device device) {
  const auto address = reinterpret_cast<uintptr_t>(storage.data());
  void* const seen = reinterpret_cast<void*>(address == 0 ? 0 : address ^ kMark);
  c10::DataPtr memory(
      seen, new c10::Storage(storage), [](void* kept) { delete static_cast<c10::Storage*>(kept); }, device);
  return {c10::Storage::use_byte_size_t(), storage.nbytes(), std::move(memory), c10::GetAllocator(c10::kCPU), true};
}

at::Tensor TensorOf(c10::Storage storage, c10::DispatchKey key, const at::Tensor& like) {
  at::Tensor t = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  t.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  return t;
}

// The tensors of one operator as the CPU sees them, and its results as the device's. What shares memory goes on to.
class OneOperator {
 public:
  at::Tensor ToHost(const at::Tensor& t) {
    auto& twin = hosts_[t.storage().unsafeGetStorageImpl()];
    if (!twin) {
      twin = Twin(t.storage(), c10::kCPU);
      devices_.emplace(twin->unsafeGetStorageImpl(), t.storage());
    }
    const at::Tensor host = TensorOf(*twin, c10::DispatchKey::CPU, t);
    given_.emplace_back(host, t);
    return host;
  }

  at::Tensor ToDevice(const at::Tensor& host) {
    if (!host.defined() || !host.is_cpu()) return host;
    for (const auto& [twin, t] : given_)
      if (twin.is_same(host)) return t;  // changed in place
    const auto known = devices_.find(host.storage().unsafeGetStorageImpl());
    if (known != devices_.end()) return TensorOf(known->second, c10::DispatchKey::PrivateUse1, host);
    if (limit > 0 && static_cast<int64_t>(host.storage().nbytes()) > limit)
      TORCH_CHECK_WITH(OutOfMemoryError, false, "tried to allocate ", host.storage().nbytes(), " bytes");
    return TensorOf(Twin(host.storage(), kDevice), c10::DispatchKey::PrivateUse1, host);
  }

  // Tensors that an operator gave another size, as those with out= do.
  void TakeOverSizes() {
    for (const auto& [host, t] : given_) {
      if (host.sizes() == t.sizes() && host.strides() == t.strides()) continue;
      auto* const impl = t.unsafeGetTensorImpl();
      if (!devices_.contains(host.storage().unsafeGetStorageImpl()) || host.storage().nbytes() != t.storage().nbytes())
        impl->set_storage_keep_dtype(Twin(host.storage(), kDevice));
      impl->set_sizes_and_strides(host.sizes(), host.strides(), host.storage_offset());
    }
  }

 private:
  std::map<c10::StorageImpl*, std::optional<c10::Storage>> hosts_;
  std::map<c10::StorageImpl*, c10::Storage> devices_;
  std::vector<std::pair<at::Tensor, at::Tensor>> given_;
};

// A GPU takes a number of the host's as an argument, and no other of its tensors.
at::Tensor Argument(OneOperator* op, const at::Tensor& t, const std::string& name) {
  if (IsOurs(t)) return op->ToHost(t);
  TORCH_CHECK(!t.defined() || !t.is_cpu() || t.dim() == 0, name, ": a tensor of the host ", t.sizes(),
              " among those of the device");
  return t;
}

c10::IValue Argument(OneOperator* op, const c10::IValue& value, const std::string& name) {
  if (value.isTensor()) return Argument(op, value.toTensor(), name);
  if (value.isDevice() && value.toDevice().type() == kType) return c10::Device(c10::kCPU);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& t : value.toTensorVector()) list.push_back(Argument(op, t, name));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor>& t : value.toOptionalTensorVector())
      list.push_back(t && t->defined() ? std::optional(Argument(op, *t, name)) : std::nullopt);
    return list;
  }
  return value;
}

c10::IValue Result(OneOperator* op, const c10::IValue& value) {
  if (value.isTensor()) return op->ToDevice(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& t : value.toTensorVector()) list.push_back(op->ToDevice(t));
    return list;
  }
  return value;
}

// Every operator that is not below: by the CPU.
void RunOperator(const c10::OperatorHandle& handle, c10::DispatchKeySet, torch::jit::Stack* stack) {
  static const std::set<std::string> kSizedByTheDevice = {"aten::nonzero", "aten::masked_select", "aten::_unique2",
                                                          "aten::unique_dim", "aten::equal"};
  const std::string& name = handle.schema().name();
  Count([&](DeviceTraffic& t) {
    ++t.operators;
    if (!kSizedByTheDevice.contains(name)) return;
    ++t.sizes_waited_for;
    ++t.waits_by_operator[name];
  });
  OneOperator op;
  const size_t first = stack->size() - handle.schema().arguments().size();
  for (size_t i = first; i < stack->size(); ++i) (*stack)[i] = Argument(&op, (*stack)[i], name);
  handle.callBoxed(stack);
  op.TakeOverSizes();
  for (size_t i = first; i < stack->size(); ++i) (*stack)[i] = Result(&op, (*stack)[i]);
}

at::Tensor CopyFrom(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  OneOperator op;
  const at::Tensor source = IsOurs(from) ? op.ToHost(from) : from, target = IsOurs(to) ? op.ToHost(to) : to;
  Count([&](DeviceTraffic& t) {
    ++t.operators;
    if (IsOurs(from) && !IsOurs(to)) {
      ++t.copies_to_host;
      t.bytes_to_host += static_cast<int64_t>(to.nbytes());
      ++t.waits_by_operator["copy to the host"];
    } else if (!IsOurs(from)) {
      ++t.uploads;
      t.uploads_waited_for += !non_blocking;
      t.waits_by_operator["copy to the device"] += !non_blocking;
    }
  });
  target.copy_(source);
  return to;
}

// LibTorch leaves convolutions to the device as a whole.
at::Tensor Convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  Count([](DeviceTraffic& seen) { ++seen.operators; });
  OneOperator op;
  const auto argument = [&](const at::Tensor& t) { return Argument(&op, t, "aten::convolution"); };
  std::optional<at::Tensor> added;
  if (bias && bias->defined()) added = argument(*bias);
  return op.ToDevice(at::convolution(argument(input), argument(weight), added, stride, padding, dilation, transposed,
                                     output_padding, groups));
}

at::Scalar ToScalar(const at::Tensor& t) {
  Count([](DeviceTraffic& seen) {
    ++seen.operators;
    ++seen.scalars_to_host;
    ++seen.waits_by_operator["item"];
  });
  OneOperator op;
  return op.ToHost(t).item();
}

// One device with one stream, on which all is done at once.
class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return c10::Stream(c10::Stream::DEFAULT, kDevice); }
  c10::Stream getDefaultStream(c10::Device) const override { return getStream(kDevice); }
  c10::Stream exchangeStream(c10::Stream) const override { return getStream(kDevice); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void** event, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {
    static int some;
    *event = &some;
  }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void synchronizeEvent(void*) const override {}
  void synchronizeDevice(const c10::DeviceIndex) const override {}
  double elapsedTime(void*, void*, const c10::DeviceIndex) const override { return 1; }
};

// Asked for what is free; tensors get their memory from their operators.
class Memory final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t) override { TORCH_CHECK(false, "no memory without an operator"); }
  void copy_data(void*, const void*, size_t) const override { TORCH_CHECK(false, "no copy without an operator"); }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override { return {}; }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {}
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex) override {
    const auto bytes = static_cast<size_t>(limit);
    return {bytes, bytes};
  }
};

}  // namespace

c10::Device HostDevice() {
  static const bool known = [] {
    static const Guard guard;
    static const c10::impl::DeviceGuardImplRegistrar guards(kType, &guard);
    static Memory memory;
    c10::SetAllocator(kType, &memory);
    static torch::Library any(torch::Library::IMPL, "_", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
    any.fallback(torch::CppFunction::makeFromBoxedFunction<&RunOperator>());
    static torch::Library aten(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
    aten.impl("_copy_from", &CopyFrom);
    aten.impl("_local_scalar_dense", &ToScalar);
    aten.impl("convolution_overrideable", &Convolution);
    // Not in parts: as a GPU does it, that takes channels-last maps.
    aten.impl("native_group_norm", torch::CppFunction::makeFromBoxedFunction<&RunOperator>());
    return true;
  }();
  static_cast<void>(known);
  return kDevice;
}

DeviceTraffic TakeTraffic() {
  const std::lock_guard lock(mutex);
  return std::exchange(traffic, {});
}

void LimitHostDevice(int64_t bytes) { limit = bytes; }

}  // namespace skipbench::testing
