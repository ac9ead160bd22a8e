#include "harness/experiment/plan/memory.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "harness/base/format.h"

namespace skipbench {
namespace {

// Bytes of a scheduler's history for each byte of latent: found by running its steps on a latent of one element.
int64_t HistoryBytes(const Scheduler& scheduler, at::ScalarType dtype, int64_t elements) {
  const at::Tensor one = at::ones({1, 1, 1, 1}, dtype), noise = at::ones({1, 1, 1, 1});
  SchedulerState state;
  at::Tensor sample = one;
  int64_t most = 0;
  for (int call = 0; call < scheduler.calls(); ++call) {
    StepResult stepped = scheduler.Step(sample, one, call, state, scheduler.UsesNoise(call) ? noise : at::Tensor());
    sample = stepped.sample;
    state = std::move(stepped.state);
    int64_t bytes = 0;
    for (const auto& t : state.history) bytes += t.numel() * static_cast<int64_t>(t.element_size());
    most = std::max(most, bytes);
  }
  return most * elements;
}

StateBytes BytesOfState(const Plan& plan, const TreeGroup& tree) {
  const int64_t elements = plan.pipeline->latent_elements(),
                guidance_rows = plan.pipeline->info().GuidanceRows(tree.guidance);
  const int64_t element = static_cast<int64_t>(c10::elementSize(plan.config.model.dtype));
  Needs needs;
  if (plan.config.traces) needs = {.latent_order = 3, .prediction_order = 3};
  std::map<CacheSite, int> keeps;  // depth of each ring
  const RunShape shape = ShapeOf(plan, *tree.scheduler, tree.guidance);
  for (int setting : tree.settings) {
    const Method& method = *plan.settings[setting].method;
    needs.Merge(method.Observes());
    for (const Keep& keep : method.Keeps(shape)) keeps[keep.site] = std::max(keeps[keep.site], keep.depth);
  }
  StateBytes bytes;
  bytes.latent = elements * element;
  bytes.scheduler = HistoryBytes(*tree.scheduler, plan.config.model.dtype, elements);
  const auto held = [&](int order) { return std::max<int64_t>(order ? order + 1 : 0, needs.products); };
  bytes.differences =
      bytes.latent * (std::max<int64_t>(held(needs.latent_order), 1) - 1 + held(needs.prediction_order));
  bytes.output = guidance_rows * bytes.latent;
  constexpr CacheSite kOutput = {.level = CacheSite::Level::kOutput}, kCalls = {.level = CacheSite::Level::kCalls};
  if (!needs.output.empty()) keeps[kOutput] = std::max(keeps[kOutput], 2);
  for (const auto& [site, depth] : keeps)  // an output is kept with its input
    bytes.features += guidance_rows * depth * element *
                      (site == kOutput || site == kCalls ? 2 * elements : plan.pipeline->KeptElements(site));
  return bytes;
}

std::string Describe(const StateBytes& state) {
  std::string text = fmt::format("twice latent {}, scheduler {}, earlier latents and predictions {}, last output {}",
                                 FormatBytes(state.latent), FormatBytes(state.scheduler),
                                 FormatBytes(state.differences), FormatBytes(state.output));
  if (state.features) text += fmt::format(", cached features {}", FormatBytes(state.features));
  return text;
}

}  // namespace

TreeMemory MemoryOf(const Plan& plan, const TreeGroup& tree) {
  const ExperimentConfig& config = plan.config;
  std::vector<const Method*> methods;
  TreeOptions options;
  options.group_size = config.group_size;
  options.keep_differences = config.traces;
  for (int setting : tree.settings) {
    if (plan.settings[setting].reference == setting) options.reference = static_cast<int>(methods.size());
    methods.push_back(plan.settings[setting].method.get());
  }
  TreeMemory memory;
  memory.state = BytesOfState(plan, tree);
  memory.needs = NeedsOfTree(methods, options);
  const int64_t wave = std::min<int64_t>(config.wave_size, std::ssize(plan.samples));
  memory.samples_at_once = wave;
  int64_t states = wave * std::ssize(methods);
  if (config.memory > 0) {
    memory.max_states = config.memory / memory.state.total();
    if (memory.max_states < memory.needs.at_least) {
      const auto bytes = [&](int64_t count) {
        return FormatBytes(static_cast<double>(count) * static_cast<double>(memory.state.total()));
      };
      const std::string unit = memory.needs.unit_samples == 1
                                   ? "one sample"
                                   : fmt::format("one group of {} samples", memory.needs.unit_samples);
      std::string text = fmt::format(
          "{}: memory: {} is not enough: {} with {} settings ({}, {} steps) needs {} at least ({} open trajectories of "
          "{}: {})",
          config.file.string(), FormatBytes(static_cast<double>(config.memory)), unit, methods.size(),
          tree.scheduler->type(), tree.scheduler->steps(), bytes(memory.needs.at_least), memory.needs.at_least,
          FormatBytes(static_cast<double>(memory.state.total())), Describe(memory.state));
      if (memory.needs.at_least < memory.needs.side_by_side)
        text += fmt::format(", and {} to have the settings side by side", bytes(memory.needs.side_by_side));
      else if (options.keep_differences)
        text += "; with \"traces\" a sample's settings stay beside the full-step trajectory they are compared with";
      Fail("{}", text);
    }
    memory.depth_first = memory.max_states < memory.needs.side_by_side;
    memory.samples_at_once =
        std::min(wave, std::max<int64_t>(1, memory.max_states / memory.needs.side_by_side) * memory.needs.unit_samples);
    states = std::min(states, memory.max_states);
  }
  memory.bytes_at_once = states * memory.state.total();
  return memory;
}

}  // namespace skipbench
