#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
thread_local MacCounter* current_counter = nullptr;

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}
}  // namespace

MacCounter::MacCounter() : outer_(current_counter) { current_counter = this; }
MacCounter::~MacCounter() { current_counter = outer_; }

std::string ModuleName(const Weights& w) {
  const std::string& scope = w.scope();
  return scope.empty() ? scope : scope.substr(0, scope.size() - 1);
}

std::string TopLevelBlock(const std::string& module) {
  const auto component_end = [&](size_t from) { return std::min(module.find('.', from), module.size()); };
  size_t end = component_end(0);
  const std::string first = module.substr(0, end);
  if ((first == "encoder" || first == "decoder") && end < module.size()) end = component_end(end + 1);
  if (end < module.size()) {
    const size_t next = component_end(end + 1);
    // A number with nothing behind it is a layer of a sequence, not a block.
    if (next < module.size() && IsNumber(module.substr(end + 1, next - end - 1))) end = next;
  }
  return module.substr(0, end);
}

void CountMacs(const std::string& module, const char* kind, const MacCount& macs) {
  if (!current_counter) return;
  MacReport& report = current_counter->report_;
  report.total += macs;
  report.blocks[TopLevelBlock(module)] += macs;
  report.detail[module] += macs;
  if (macs.matmuls > 0) report.matmuls_by_kind[kind] += macs.matmuls;
}

void CountConv(const std::string& name, const at::Tensor& output, int64_t in_per_group, int64_t kernel_elements,
               bool bias) {
  const int64_t matmuls = output.numel() * in_per_group * kernel_elements;
  CountMacs(name, "conv", {matmuls + (bias ? output.numel() : 0), matmuls});
}

void CountLinear(const std::string& name, int64_t rows, int64_t in_features, int64_t out_features, bool bias) {
  const int64_t matmuls = rows * in_features * out_features;
  CountMacs(name, "linear", {matmuls + (bias ? out_features : 0), matmuls});
}

void CountNorm(const std::string& name, const at::Tensor& input) { CountMacs(name, "norm", {2 * input.numel(), 0}); }

void CountAttention(const std::string& name, int64_t batch, int64_t queries, int64_t keys, int64_t inner_q,
                    int64_t inner_v) {
  CountMacs(name, "attention", {0, batch * queries * keys * (inner_q + inner_v)});
}

}  // namespace skipbench
