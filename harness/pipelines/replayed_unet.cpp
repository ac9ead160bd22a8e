#include "harness/pipelines/replayed_unet.h"

#include <ATen/ATen.h>

#include <array>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The conditioning: what stays the same from call to call as long as the rows do.
template <typename Inputs>
auto Conditioning(Inputs& inputs) {
  return std::array{&inputs.encoder_hidden_states, &inputs.class_labels, &inputs.text_embeds, &inputs.time_ids, &inputs.image_latents,
                    &inputs.image_embeddings, &inputs.encoded_image_latents, &inputs.fps, &inputs.rows};
}

at::Tensor Own(const at::Tensor& t) { return t.defined() ? t.clone() : t; }

}  // namespace

UNetOutput ReplayedUNet::Forward(const UNetInputs& inputs, const std::vector<int>& keep_branches) {
  return Run(inputs, {inputs.sample.size(0), kNotShallow, keep_branches}, {});
}

at::Tensor ReplayedUNet::ForwardShallow(const UNetInputs& inputs, int branch, const at::Tensor& features) {
  return Run(inputs, {inputs.sample.size(0), branch, {}}, features).sample;
}

UNetOutput ReplayedUNet::Plain(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features) const {
  const auto& [rows, branch, keep] = kind;
  if (branch == kNotShallow) return unet_.Forward(inputs, keep);
  UNetOutput output;
  output.sample = unet_.ForwardShallow(inputs, branch, features);
  return output;
}

bool ReplayedUNet::Record(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features, Recorded* recorded) {
  if (graphs_ == kMostGraphs) return false;
  auto graph = MakeDeviceGraph(inputs.sample.device(), first_);
  if (!graph) return recordable_ = false;
  UNetInputs own = inputs;
  own.sample = Own(inputs.sample);
  for (at::Tensor* t : Conditioning(own)) *t = Own(*t);
  // A number in a graph stays what it was; a tensor's values may change.
  own.timesteps = at::full({inputs.sample.size(0)}, inputs.timestep, inputs.sample.options().dtype(at::kFloat));
  const at::Tensor own_features = Own(features);
  UNetOutput output;
  try {
    graph->Record([&] { output = Plain(own, kind, own_features); });
  } catch (const Error&) {                   // bad inputs are told as ever
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error&) {
    return recordable_ = false;
  }
  recorded->inputs = std::move(own);
  recorded->features = own_features;
  recorded->output = std::move(output);
  for (const at::Tensor* t : Conditioning(inputs)) recorded->sources.push_back(*t);
  recorded->graph = std::move(graph);
  if (!first_) first_ = recorded->graph.get();
  ++graphs_;
  return true;
}

UNetOutput ReplayedUNet::Run(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features) {
  if (!recordable_ || inputs.observe || inputs.timesteps.defined() || !inputs.sample.is_cuda()) return Plain(inputs, kind, features);
  Recorded& recorded = kinds_[kind];
  if (!recorded.graph && (++recorded.uses == 1 || !Record(inputs, kind, features, &recorded))) return Plain(inputs, kind, features);
  recorded.inputs.sample.copy_(inputs.sample);
  recorded.inputs.timesteps.fill_(inputs.timestep);
  if (features.defined()) recorded.features.copy_(features);
  const auto from = Conditioning(inputs);
  const auto to = Conditioning(recorded.inputs);
  for (size_t i = 0; i < from.size(); ++i) {
    if (!from[i]->defined() || from[i]->is_same(recorded.sources[i])) continue;
    to[i]->copy_(*from[i]);
    recorded.sources[i] = *from[i];
  }
  recorded.graph->Replay();
  UNetOutput output;                         // the recorded one is overwritten by the next forward
  output.sample = recorded.output.sample.clone();
  for (const auto& [branch, kept] : recorded.output.features) output.features[branch] = kept.clone();
  return output;
}

}  // namespace skipbench
