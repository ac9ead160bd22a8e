// What a device has no memory for ends a command with an error that names the batch and what to lower: going on with
// less would take hours longer than was asked for without a word.
#pragma once

#include <c10/util/Exception.h>

#include <functional>
#include <memory>
#include <string>

#include "harness/base/error.h"
#include "harness/experiment/plan/plan.h"

namespace skipbench {

class OutOfMemoryError : public Error {
 public:
  using Error::Error;
};

// Whether LibTorch, or a library below it, could not get the memory that it asked the device for.
bool IsOutOfMemory(const c10::Error& error);

// `rows` of something ("latents [4, 64, 64]") on their way through a part of the pipeline ("the network").
struct NetworkBatch {
  int64_t rows = 1;
  std::string of, through;
};

// Does `work`; throws OutOfMemoryError where the plan's device has no memory for it.
void WithinMemory(const Plan& plan, const NetworkBatch& batch, const std::function<void()>& work);

// A denoiser whose forwards and probes throw OutOfMemoryError where there is no memory for their rows.
std::unique_ptr<Denoiser> WithinMemory(const Plan& plan, std::unique_ptr<Denoiser> denoiser);

}  // namespace skipbench
