// The parameters that a network takes: their names and shapes, from the network's own constructor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace skipbench {

// Collects what is taken out of every Weights on this thread, in order, from construction to destruction. They may
// nest; the innermost one collects. With Weights::ShapesOnly() it needs no files.
class TakenTensors {
 public:
  using List = std::vector<std::pair<std::string, std::vector<int64_t>>>;  // full name, shape

  TakenTensors();
  ~TakenTensors();
  TakenTensors(const TakenTensors&) = delete;
  TakenTensors& operator=(const TakenTensors&) = delete;
  const List& list() const { return list_; }

  // Called by Weights; does nothing where nobody collects.
  static void Note(const std::string& name, at::IntArrayRef shape);

 private:
  List list_;
  TakenTensors* outer_;
};

}  // namespace skipbench
