#include "harness/pipelines/replayed_network.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

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

}  // namespace

NetworkOutput ReplayedNetwork::Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts) {
  return Run(inputs, {inputs.sample.size(0), kNotShallow, keep_cuts}, {});
}

at::Tensor ReplayedNetwork::ForwardShallow(const NetworkInputs& inputs, int cut, const at::Tensor& features) {
  return Run(inputs, {inputs.sample.size(0), cut, {}}, features).sample;
}

NetworkOutput ReplayedNetwork::Plain(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features) const {
  const auto& [rows, cut, keep] = kind;
  if (cut == kNotShallow) return network_.Forward(inputs, keep);
  NetworkOutput output;
  output.sample = network_.ForwardShallow(inputs, cut, features);
  return output;
}

bool ReplayedNetwork::Record(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features,
                             Recorded* recorded) {
  if (graphs_ == kMostGraphs) return false;
  auto graph = MakeDeviceGraph(inputs.sample.device(), first_);
  if (!graph) return recordable_ = false;
  NetworkInputs own = inputs;
  own.sample = Own(inputs.sample);
  for (at::Tensor* t : ConditioningTensors(own)) *t = Own(*t);
  // A number in a graph stays what it was; a tensor's values may change.
  own.timesteps = at::full({inputs.sample.size(0)}, inputs.timestep, inputs.sample.options().dtype(at::kFloat));
  const at::Tensor own_features = Own(features);
  NetworkOutput output;
  try {
    graph->Record([&] { output = Plain(own, kind, own_features); });
  } catch (const Error&) {  // bad inputs are told as ever
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error&) {
    return recordable_ = false;
  }
  recorded->inputs = std::move(own);
  recorded->features = own_features;
  recorded->output = std::move(output);
  for (const at::Tensor* t : ConditioningTensors(inputs)) recorded->sources.push_back(*t);
  recorded->graph = std::move(graph);
  if (!first_) first_ = recorded->graph.get();
  ++graphs_;
  return true;
}

NetworkOutput ReplayedNetwork::Run(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features) {
  if (!recordable_ || inputs.observe || inputs.timesteps.defined() || !inputs.sample.is_cuda())
    return Plain(inputs, kind, features);
  Recorded& recorded = kinds_[kind];
  if (!recorded.graph && (++recorded.uses == 1 || !Record(inputs, kind, features, &recorded)))
    return Plain(inputs, kind, features);
  recorded.inputs.sample.copy_(inputs.sample);
  recorded.inputs.timesteps.fill_(inputs.timestep);
  if (features.defined()) recorded.features.copy_(features);
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
  for (const auto& [cut, kept] : recorded.output.features) output.features[cut] = kept.clone();
  return output;
}

}  // namespace skipbench
