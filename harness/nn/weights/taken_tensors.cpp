#include "harness/nn/weights/taken_tensors.h"

namespace skipbench {

namespace {
thread_local TakenTensors* innermost = nullptr;
}  // namespace

TakenTensors::TakenTensors() : outer_(innermost) { innermost = this; }
TakenTensors::~TakenTensors() { innermost = outer_; }

void TakenTensors::Note(const std::string& name, at::IntArrayRef shape) {
  if (innermost) innermost->list_.emplace_back(name, shape.vec());
}

}  // namespace skipbench
