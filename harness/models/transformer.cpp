#include "harness/models/transformer.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

std::optional<int64_t> IntOrNull(const JsonReader& json, const std::string& key, std::optional<int64_t> fallback,
                                 int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value) return fallback;
  if (value->is_null()) return std::nullopt;
  return json.Int(key, min, max);
}

std::string Transformer::BlockName(int block) const { return fmt::format("transformer_blocks.{}", block); }

void Transformer::SetCuts(int64_t blocks) {
  for (int front = 0; front < blocks; ++front) info_.cuts.push_back({.front = front});
}

void Transformer::Step(const NetworkInputs& inputs, int block, TransformerState* state) const {
  RunBlock(block, state);
  Observe(inputs, BlockName(block), state->tokens);
  if (state->text.defined()) Observe(inputs, BlockName(block) + ".text", state->text);
}

NetworkOutput Transformer::Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts) const {
  for (int cut : keep_cuts) CheckCut(cut);
  TransformerState state = Enter(inputs);
  std::map<int, at::Tensor> entering;
  for (int block = 0; block < blocks(); ++block) {
    if (std::find(keep_cuts.begin(), keep_cuts.end(), block) != keep_cuts.end()) entering[block] = state.tokens;
    Step(inputs, block, &state);
  }
  NetworkOutput output;
  for (const auto& [cut, before] : entering) output.features[cut] = before.is_meta() ? before : state.tokens - before;
  output.sample = Head(inputs, state);
  return output;
}

at::Tensor Transformer::ForwardShallow(const NetworkInputs& inputs, int cut, const at::Tensor& features) const {
  CheckCut(cut);
  TransformerState state = Enter(inputs);
  if (features.sizes() != state.tokens.sizes())
    Fail("shallow forward: features [{}] for tokens [{}]", fmt::join(features.sizes(), ", "),
         fmt::join(state.tokens.sizes(), ", "));
  for (int block = 0; block < info_.cuts[static_cast<size_t>(cut)].front; ++block) Step(inputs, block, &state);
  if (!features.is_meta()) state.tokens = state.tokens + features.to(info_.dtype);
  return Head(inputs, state);
}

CrossAttentionContext Transformer::Text(const NetworkInputs& inputs, int64_t width) const {
  if (!inputs.cache)
    return {Require(inputs, "encoder_hidden_states", {-1, width}).to(info_.dtype), inputs.rows, nullptr};
  const at::Tensor& tokens = inputs.cache->tokens();
  const int64_t samples = inputs.sample.size(0);
  if (!tokens.defined() || tokens.dim() != 3 || tokens.size(2) != width)
    Fail("the network takes encoder_hidden_states [{}, ?, {}], got {}", samples, width,
         tokens.defined() ? fmt::format("[{}]", fmt::join(tokens.sizes(), ", ")) : "none");
  const int64_t given = inputs.rows.defined() ? inputs.rows.numel() : tokens.size(0);
  if (given != samples) Fail("{} samples with encoder_hidden_states for {}", samples, given);
  return {tokens.to(info_.dtype), inputs.rows, inputs.cache};
}

CrossAttentionContext Transformer::Project(const CrossAttentionContext& context, const void* layer,
                                           const std::function<at::Tensor(const at::Tensor&)>& project) {
  const auto compute = [&](const at::Tensor& tokens) { return project(tokens.to(context.tokens.scalar_type())); };
  return {context.cache ? context.cache->KeyValue(layer, compute) : compute(context.tokens), context.rows,
          context.cache};
}

at::Tensor Transformer::RowsOf(const CrossAttentionContext& context) {
  const at::Tensor& tokens = context.tokens;
  return context.rows.defined() && !tokens.is_meta() ? tokens.index_select(0, context.rows) : tokens;
}

at::Tensor Transformer::OncePerRun(const NetworkInputs& inputs, const void* layer,
                                   const std::function<at::Tensor()>& make) {
  return inputs.cache ? inputs.cache->Constant(layer, make) : make();
}

RotaryTable Transformer::RotaryOncePerRun(const NetworkInputs& inputs, const void* layer,
                                          const std::function<RotaryTable()>& make) {
  const at::Tensor both = OncePerRun(inputs, layer, [&] {
    const RotaryTable table = make();
    return at::stack({table.cos, table.sin});
  });
  return {both[0], both[1]};
}

void Transformer::ObserveRotary(const NetworkInputs& inputs, const std::string& name, const RotaryTable& table) {
  if (!inputs.observe) return;
  Observe(inputs, name + ".cos", table.cos.repeat_interleave(2, 1));
  Observe(inputs, name + ".sin", table.sin.repeat_interleave(2, 1));
}

}  // namespace skipbench
