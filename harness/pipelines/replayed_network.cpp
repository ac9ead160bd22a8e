#include "harness/pipelines/replayed_network.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/runtime/profiler.h"

namespace skipbench {
namespace {

// The conditioning: what stays the same from call to call as long as the rows do.
template <typename Inputs>
auto ConditioningTensors(Inputs& inputs) {
  std::vector<decltype(&inputs.rows)> tensors = {&inputs.rows};
  for (auto& [name, tensor] : inputs.conditioning) tensors.push_back(&tensor);
  return tensors;
}

at::Tensor Own(const at::Tensor& t) { return t.defined() ? t.clone() : t; }

// A profiler waits for every operator, which a graph that is being recorded forbids.
bool IsRecordable(const NetworkWork& work) {
  if (Profiler::active()) return false;
  const auto is_modules = [](const CacheSite& site) { return site.level == CacheSite::Level::kModules; };
  return !work.from && !(work.site && is_modules(*work.site)) &&
         std::none_of(work.keep.begin(), work.keep.end(), is_modules);
}

}  // namespace

bool ReplayedNetwork::Record(const NetworkInputs& inputs, const NetworkWork& work, Recorded* recorded) {
  if (graphs_ == kMostGraphs) return false;
  auto graph = MakeDeviceGraph(inputs.sample.device(), first_);
  if (!graph) return recordable_ = false;
  NetworkInputs own = inputs;
  own.sample = Own(inputs.sample);
  for (at::Tensor* t : ConditioningTensors(own)) *t = Own(*t);
  // A number in a graph stays what it was; a tensor's values may change.
  own.timesteps = at::full({inputs.sample.size(0)}, inputs.timestep, inputs.sample.options().dtype(at::kFloat));
  NetworkWork own_work = work;
  own_work.cached = Own(work.cached);
  NetworkOutput output;
  try {
    graph->Record([&] { output = network_.Forward(own, own_work); });
  } catch (const Error&) {  // bad inputs are told as ever
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error&) {
    return recordable_ = false;
  }
  recorded->inputs = std::move(own);
  recorded->cached = own_work.cached;
  recorded->output = std::move(output);
  for (const at::Tensor* t : ConditioningTensors(inputs)) recorded->sources.push_back(*t);
  recorded->graph = std::move(graph);
  if (!first_) first_ = recorded->graph.get();
  ++graphs_;
  return true;
}

NetworkOutput ReplayedNetwork::Forward(const NetworkInputs& inputs, const NetworkWork& work) {
  if (!recordable_ || inputs.observe || inputs.timesteps.defined() || !inputs.sample.is_cuda() || !IsRecordable(work))
    return network_.Forward(inputs, work);
  Recorded& recorded = kinds_[{inputs.sample.size(0), work.site, work.keep}];
  if (!recorded.graph && (++recorded.uses == 1 || !Record(inputs, work, &recorded)))
    return network_.Forward(inputs, work);
  recorded.inputs.sample.copy_(inputs.sample);
  recorded.inputs.timesteps.fill_(inputs.timestep);
  if (work.cached.defined()) recorded.cached.copy_(work.cached);
  const auto from = ConditioningTensors(inputs);
  const auto to = ConditioningTensors(recorded.inputs);
  for (size_t i = 0; i < from.size(); ++i) {
    if (!from[i]->defined() || from[i]->is_same(recorded.sources[i])) continue;
    to[i]->copy_(*from[i]);
    recorded.sources[i] = *from[i];
  }
  recorded.graph->Replay();
  NetworkOutput output;  // the recorded one is overwritten by the next forward
  output.sample = recorded.output.sample.clone();
  for (const auto& [site, kept] : recorded.output.kept) output.kept[site] = kept.clone();
  return output;
}

}  // namespace skipbench
