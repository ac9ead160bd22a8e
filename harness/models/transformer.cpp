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

void Transformer::SetAbilities(int64_t blocks, uint8_t modules, const std::set<ProbeSite::Signal>& signals) {
  NetworkAbilities& can = info_.abilities;
  can.cache_positions = can.blocks = static_cast<int>(blocks);
  can.modules = modules;
  can.signals.insert(signals.begin(), signals.end());
  can.signals.insert(ProbeSite::Signal::kFront);
}

struct Transformer::Streams {
  at::Tensor tokens, text;
};

struct Transformer::Begun : NetworkProbe {
  TransformerState state;
  int64_t rows = 0;
  bool entered = false;         // false: only the time is embedded
  std::vector<Streams> before;  // what entered each of the blocks that were run
};

namespace {

// Rows of what has one for each of `all`; what all share stays.
at::Tensor Select(const at::Tensor& t, int64_t all, const at::Tensor& rows) {
  return t.defined() && rows.defined() && t.size(0) == all ? t.index_select(0, rows) : t;
}

TransformerState Select(const TransformerState& from, int64_t all, const at::Tensor& rows) {
  TransformerState state = from;
  if (!rows.defined()) return state;
  for (at::Tensor* t :
       {&state.tokens, &state.text, &state.modulation, &state.time, &state.classes, &state.mask, &state.start.normed})
    *t = Select(*t, all, rows);
  for (at::Tensor& part : state.start.parts) part = Select(part, all, rows);
  state.joined = at::Tensor();
  // Tokens that a cache holds are named by their rows.
  if (state.context.rows.defined())
    state.context.rows = state.context.rows.index_select(0, rows);
  else if (state.context.cache)
    state.context.rows = rows;
  else
    state.context.tokens = Select(state.context.tokens, all, rows);
  return state;
}

}  // namespace

void Transformer::Step(const NetworkInputs& inputs, int block, TransformerState* state) const {
  RunBlock(block, state);
  Observe(inputs, BlockName(block), state->tokens);
  if (state->text.defined()) Observe(inputs, BlockName(block) + ".text", state->text);
}

const Transformer::Begun* Transformer::FromProbe(const NetworkInputs& inputs, const NetworkWork& work) const {
  if (!work.from) return nullptr;
  const auto* begun = dynamic_cast<const Begun*>(work.from);
  if (!begun) Fail("a forward from a probe of another network");
  const int64_t rows = work.from_rows.defined() ? work.from_rows.numel() : begun->rows;
  if (rows != inputs.sample.size(0)) Fail("{} samples from {} rows of a probe", inputs.sample.size(0), rows);
  const int done = static_cast<int>(begun->before.size());
  const auto is_modules = [](const CacheSite& site) { return site.level == CacheSite::Level::kModules; };
  const bool passed =
      work.site ? is_modules(*work.site) || (work.site->level == CacheSite::Level::kCut && work.site->front < done)
                : std::any_of(work.keep.begin(), work.keep.end(), is_modules);
  return done > 0 && passed ? nullptr : begun;
}

TransformerState Transformer::Begin(const NetworkInputs& inputs, const Begun* begun, const at::Tensor& rows) const {
  TransformerState state;
  if (begun) {
    state = Select(begun->state, begun->rows, rows);
  } else {
    CheckSample(inputs);
    EmbedTime(inputs, &state);
  }
  if (!begun || !begun->entered) Enter(inputs, &state);
  return state;
}

std::unique_ptr<NetworkProbe> Transformer::Probe(const NetworkInputs& inputs, const ProbeSite& site) const {
  CheckProbe(site);
  CheckSample(inputs);
  auto begun = std::make_unique<Begun>();
  begun->rows = inputs.sample.size(0);
  TransformerState& state = begun->state;
  EmbedTime(inputs, &state);
  begun->entered = site.signal == ProbeSite::Signal::kModulatedInput || site.signal == ProbeSite::Signal::kFront;
  if (begun->entered) Enter(inputs, &state);
  if (site.signal == ProbeSite::Signal::kTimeEmbedding) begun->signal = state.time;
  if (site.signal == ProbeSite::Signal::kTimeProjection) begun->signal = state.modulation;
  if (site.signal == ProbeSite::Signal::kModulatedInput) {
    state.start = Start(state);
    begun->signal = state.start.normed;
  }
  if (site.signal == ProbeSite::Signal::kFront) {
    for (int block = 0; block < site.front; ++block) {
      begun->before.push_back({state.tokens, state.text});
      Step(inputs, block, &state);
    }
    begun->signal = state.tokens - begun->before[0].tokens;
  }
  return begun;
}

NetworkOutput Transformer::Forward(const NetworkInputs& inputs, const NetworkWork& work) const {
  CheckWork(inputs, work);
  return work.site ? RunPartial(inputs, work) : RunFull(inputs, work);
}

NetworkOutput Transformer::RunFull(const NetworkInputs& inputs, const NetworkWork& work) const {
  std::map<int, Streams> seen;  // what enters these blocks, and what leaves the last one
  std::vector<uint8_t> sets;
  for (const CacheSite& site : work.keep) {
    if (site.level == CacheSite::Level::kCut) seen[site.front], seen[blocks() - site.back];
    if (site.level == CacheSite::Level::kModules) sets.push_back(site.modules);
  }
  const Begun* begun = FromProbe(inputs, work);
  const int done = begun ? static_cast<int>(begun->before.size()) : 0;
  TransformerState state = Begin(inputs, begun, work.from_rows);
  ModuleOutputs modules(sets);
  if (!sets.empty()) state.modules = &modules;
  for (auto& [block, streams] : seen)
    if (block < done) {
      const Streams& before = begun->before[static_cast<size_t>(block)];
      streams = {Select(before.tokens, begun->rows, work.from_rows), Select(before.text, begun->rows, work.from_rows)};
    }
  for (int block = done;; ++block) {
    if (const auto found = seen.find(block); found != seen.end()) found->second = {state.tokens, state.text};
    if (block == blocks()) break;
    Step(inputs, block, &state);
  }
  NetworkOutput output;
  for (const CacheSite& site : work.keep) {
    at::Tensor& kept = output.kept[site];
    if (site.level == CacheSite::Level::kHidden) kept = state.tokens.contiguous();
    if (site.level == CacheSite::Level::kModules) kept = modules.Kept(site.modules);
    if (site.level != CacheSite::Level::kCut) continue;
    const Streams &before = seen.at(site.front), &after = seen.at(blocks() - site.back);
    kept = after.tokens - before.tokens;
    if (site.back > 0 && after.text.defined()) kept = at::cat({kept, after.text - before.text}, 1);
  }
  output.sample = Head(inputs, state);
  return output;
}

NetworkOutput Transformer::RunPartial(const NetworkInputs& inputs, const NetworkWork& work) const {
  const CacheSite& site = *work.site;
  const at::Tensor cached = work.cached.to(info_.dtype);
  const Begun* begun = FromProbe(inputs, work);
  const int done = begun ? static_cast<int>(begun->before.size()) : 0;
  TransformerState state = Begin(inputs, begun, work.from_rows);
  ModuleOutputs modules(site.modules, cached);
  const auto run = [&](int first, int end) {
    for (int block = first; block < end; ++block) Step(inputs, block, &state);
  };
  const auto check = [&](int64_t tokens) {
    if (cached.dim() != 3 || cached.size(1) != tokens || cached.size(2) != state.tokens.size(2))
      Fail("partial forward: [{}] in place of what is [{}, {}, {}]", fmt::join(cached.sizes(), ", "),
           state.tokens.size(0), tokens, state.tokens.size(2));
  };
  const int64_t patches = state.tokens.size(1);
  if (site.level == CacheSite::Level::kModules) {
    state.modules = &modules;
    run(0, blocks());
    modules.CheckAllTaken();
  } else if (site.level == CacheSite::Level::kHidden) {
    check(patches);
    state.tokens = cached;
  } else {
    run(done, site.front);
    const bool text = site.back > 0 && state.text.defined();
    check(text ? patches + state.text.size(1) : patches);
    state.tokens = state.tokens + cached.narrow(1, 0, patches);
    if (text) state.text = state.text + cached.narrow(1, patches, state.text.size(1));
    state.joined = at::Tensor();
    state.start = {};
    run(blocks() - site.back, blocks());
  }
  NetworkOutput output;
  output.sample = Head(inputs, state);
  return output;
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
