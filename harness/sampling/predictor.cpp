#include "harness/sampling/predictor.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench::tree {
namespace {

const CacheSite kOutputSite{CacheSite::Level::kOutput}, kCallsSite{CacheSite::Level::kCalls};

// How far a probe has gone; what it has computed must not be in the place of `site`.
int FrontOf(const ProbeSite& probe) { return probe.signal == ProbeSite::Signal::kFront ? probe.front : 0; }

// Whether probes ran one guidance row at a time: on behalf of lanes that have parted from the trajectory since,
// perhaps.
bool BegunApart(const Trajectory& trajectory) {
  return std::ranges::any_of(trajectory.begun, [](const auto& of_site) {
    const auto& rows = of_site.second;
    return rows[0].probe && rows[1].probe && rows[0].probe != rows[1].probe;
  });
}

bool MayGoOn(const ProbeSite& probe, const Decision& decision) {
  if (decision.action == Action::kPredict) return true;
  return FrontOf(probe) <= (decision.site.level == CacheSite::Level::kCut ? decision.site.front : 0);
}

// Weights of what is used again, where a decision gives none: the newest as it is.
const std::vector<double>& WeightsOf(const Decision& decision) {
  static const std::vector<double> newest = {1};
  return decision.weights.empty() && decision.input_weights.empty() ? newest : decision.weights;
}

void Push(Ring* ring, RowRef newest, int depth) {
  ring->insert(ring->begin(), std::move(newest));
  if (static_cast<int>(ring->size()) > depth) ring->resize(static_cast<size_t>(depth));
}

// Adds term k of a sum, of `rings`' entry k with weight k of each row.
void AddTerms(const std::vector<const Ring*>& rings, const std::vector<const std::vector<double>*>& weights,
              size_t first_weight, std::vector<WeightedTerm>* terms) {
  size_t most = 0;
  for (const auto* w : weights) most = std::max(most, w->size() - std::min(w->size(), first_weight));
  for (size_t k = 0; k < most; ++k) {
    WeightedTerm term;
    for (size_t i = 0; i < rings.size(); ++i) {
      const bool has = first_weight + k < weights[i]->size();
      term.rows.push_back((*rings[i])[has ? k : 0]);
      term.weights.push_back(has ? (*weights[i])[first_weight + k] : 0);
    }
    terms->push_back(std::move(term));
  }
}

}  // namespace

std::map<CacheSite, int> Predictor::Wanted(const Trajectory& trajectory) const {
  std::map<CacheSite, int> wanted;
  const auto want = [&](const CacheSite& site, int depth) { wanted[site] = std::max(wanted[site], depth); };
  for (int w : trajectory.lanes) {
    for (const skipbench::Keep& keep : c_.lanes[w].keeps) want(keep.site, keep.depth);
    if (!c_.lanes[w].method->Observes().output.empty())
      want(kOutputSite, 2);  // the newest and the one that it is compared with
  }
  return wanted;
}

void Predictor::DropUnused(Trajectory* trajectory) const {
  const auto wanted = Wanted(*trajectory);
  std::erase_if(trajectory->rings, [&](const auto& ring) { return !wanted.contains(ring.first); });
  const auto shorten = [](Ring* ring, int depth) {
    if (static_cast<int>(ring->size()) > depth) ring->resize(static_cast<size_t>(depth));
  };
  for (auto& [site, rings] : trajectory->rings)
    for (Ring& ring : rings) shorten(&ring, wanted.at(site));
  std::erase_if(trajectory->inputs, [&](const auto& ring) { return !wanted.contains(ring.first); });
  for (auto& [site, rings] : trajectory->inputs)
    for (Ring& ring : rings) shorten(&ring, wanted.at(site));
}

std::pair<int, int> Predictor::RowsOf(int guidance_row) const {
  return guidance_row == kBothRows ? std::pair{0, c_.guidance_rows()} : std::pair{guidance_row, guidance_row + 1};
}

const Decision& Predictor::DecisionOf(const ActiveBatch& batch, const Trajectory& trajectory, int guidance_row) const {
  return c_.lanes[trajectory.lanes[0]].decisions[static_cast<size_t>(batch.call)][std::max(guidance_row, 0)];
}

void Predictor::Run(ActiveBatch* batch) {
  made_.assign(batch->trajectories.size(), {});
  std::map<Job, Jobs> jobs;
  for (size_t b = 0; b < batch->trajectories.size(); ++b) Plan(*batch, static_cast<int>(b), &jobs);
  for (const auto& [job, all] : jobs) {
    size_t begin = 0;
    c_.InChunks(all.trajectories, [&, &job = job, &all = all](std::span<const int> chunk) {
      Forward(batch, job, all, begin, chunk);
      begin += chunk.size();
    });
  }
  for (auto& trajectory : batch->trajectories) trajectory.begun.clear();
  Combine(batch);
  Assemble(batch);
  KeepCalls(batch);
  const auto whole = [&](int64_t rows) { return (rows + c_.guidance_rows() - 1) / c_.guidance_rows(); };
  c_.result.full_evaluations = whole(full_rows_);
  c_.result.shallow_evaluations = whole(shallow_rows_);
}

void Predictor::Plan(const ActiveBatch& batch, int b, std::map<Job, Jobs>* jobs) {
  const Trajectory& trajectory = batch.trajectories[b];
  const bool apart = c_.guidance_rows() > 1 && (c_.Apart(trajectory) || BegunApart(trajectory));
  for (int row = apart ? 0 : kBothRows; row < (apart ? c_.guidance_rows() : 0); ++row) {
    const Decision& decision = DecisionOf(batch, trajectory, row);
    if (decision.action != Action::kPredict && decision.action != Action::kShallow) continue;
    Job job{decision.action, decision.action == Action::kShallow ? decision.site : CacheSite{}, row, -1};
    const Begun* from = nullptr;
    std::optional<ProbeSite> probe;
    for (const auto& [site, rows] : trajectory.begun)  // the one that has gone furthest
      if (MayGoOn(site, decision) && (!probe || FrontOf(site) > FrontOf(*probe)))
        from = &rows[std::max(row, 0)], probe = site;
    if (from) job.probe = from->number;
    Jobs& all = (*jobs)[job];
    all.trajectories.push_back(b);
    if (!from) continue;
    all.from = from->probe;
    all.probe = probe;
    all.from_rows.push_back(from->row);
  }
}

void Predictor::Forward(ActiveBatch* batch, const Job& job, const Jobs& all, size_t begin, std::span<const int> chunk) {
  DenoiserInput input = c_.InputFor(*batch, chunk, &conditioning_);
  input.guidance_row = job.guidance_row;
  if (all.from) {
    input.from = all.from.get();
    input.from_rows.assign(all.from_rows.begin() + static_cast<int64_t>(begin),
                           all.from_rows.begin() + static_cast<int64_t>(begin + chunk.size()));
  }
  const bool full = job.action == Action::kPredict;
  if (full) {
    std::set<CacheSite> keep;
    for (int b : chunk)
      for (const auto& [site, depth] : Wanted(batch->trajectories[b])) keep.insert(site);
    keep.erase(kOutputSite);
    keep.erase(kCallsSite);
    input.keep.assign(keep.begin(), keep.end());
  } else {
    input.site = job.site;
    input.cached = Cached(*batch, job, chunk);
  }
  const DenoiserOutput output = c_.denoiser.Predict(input);
  const auto [first, end] = RowsOf(job.guidance_row);
  for (int row = first; row < end; ++row) {
    const at::Tensor rows = output.model_output.select(0, row - first);
    std::map<CacheSite, at::Tensor> kept;
    for (const auto& [site, tensor] : output.kept) kept[site] = tensor.select(0, row - first);
    for (size_t k = 0; k < chunk.size(); ++k) {
      const auto place = static_cast<int64_t>(k);
      if (full) Keep(batch, chunk[k], row, place, input.sample, rows, kept);
      if (job.guidance_row != kBothRows) made_[chunk[k]][row] = {rows, place};
    }
  }
  for (size_t k = 0; k < chunk.size() && job.guidance_row == kBothRows; ++k)
    batch->trajectories[chunk[k]].model_output = {output.model_output, static_cast<int64_t>(k)};
  const int64_t rows = static_cast<int64_t>(chunk.size()) * (end - first);
  (full ? full_rows_ : shallow_rows_) += rows;
  MacCount one = c_.denoiser.Macs({job.action, job.site, all.probe});
  if (all.probe) one -= c_.denoiser.Macs({Action::kReuse, {}, all.probe});  // paid when it was probed
  c_.result.macs += one * rows;
}

// Sums of one kind together; most often there is only one.
at::Tensor Predictor::SumsOf(const std::vector<Source>& sources, const at::Tensor& memory) {
  std::map<std::vector<RoundedSum>, std::vector<size_t>> kinds;
  for (size_t k = 0; k < sources.size(); ++k) kinds[sources[k].decision->sums].push_back(k);
  if (kinds.size() == 1 && kinds.begin()->first.empty()) return WeightedSumsOf(sources, memory);
  std::vector<RowRef> made(sources.size());
  for (const auto& [sums, which] : kinds) {
    const auto rows = [&](RoundedSum::From from, int index) {
      std::vector<RowRef> refs;
      for (size_t k : which) {
        const Source& one = sources[k];
        if (from == RoundedSum::From::kKept)
          refs.push_back(one.kept->at(static_cast<size_t>(index)));
        else
          refs.push_back(index == 0 ? one.now : one.inputs->at(static_cast<size_t>(index) - 1));
      }
      return GatherRows(refs, 0);
    };
    std::vector<Source> some;
    for (size_t k : which) some.push_back(sources[k]);
    const at::Tensor block = sums.empty() ? WeightedSumsOf(some, {}) : RoundedRows(sums, rows);
    for (size_t k = 0; k < which.size(); ++k) made[which[k]] = {block, static_cast<int64_t>(k)};
  }
  return GatherRows(made, 0);
}

at::Tensor Predictor::WeightedSumsOf(const std::vector<Source>& sources, const at::Tensor& memory) {
  std::vector<const Ring*> kept, inputs;
  std::vector<const std::vector<double>*> weights, input_weights;
  WeightedTerm own;
  bool any_own = false, combines = false;
  for (const Source& one : sources) {
    const std::vector<double>& of_inputs = one.decision->input_weights;
    kept.push_back(one.kept), weights.push_back(&WeightsOf(*one.decision));
    inputs.push_back(one.inputs), input_weights.push_back(&of_inputs);
    combines |= one.inputs != nullptr;
    own.rows.push_back(one.now);
    own.weights.push_back(of_inputs.empty() ? 0 : of_inputs[0]);
    any_own |= own.weights.back() != 0;
  }
  std::vector<WeightedTerm> terms;
  AddTerms(kept, weights, 0, &terms);
  if (any_own) terms.push_back(std::move(own));
  if (combines) AddTerms(inputs, input_weights, 1, &terms);
  return WeightedRows(terms, memory);
}

at::Tensor Predictor::Cached(const ActiveBatch& batch, const Job& job, std::span<const int> chunk) {
  std::vector<at::Tensor> cached;
  bool in_memory = true;
  const auto [first, end] = RowsOf(job.guidance_row);
  for (int row = first; row < end; ++row) {
    std::vector<Source> sources;
    bool adds = false, rounds = false;
    for (int b : chunk) {
      const Trajectory& trajectory = batch.trajectories[b];
      const auto found = trajectory.rings.find(job.site);
      const Decision& decision = DecisionOf(batch, trajectory, row);
      const int there = found == trajectory.rings.end() ? 0 : static_cast<int>(found->second[row].size());
      const int asked = DepthOf(decision, RoundedSum::From::kKept);
      if (there < asked)
        Fail(
            "{}: asks in call {} for {} of what earlier calls kept at {}, {} are there: Method::Keeps() has to name it",
            c_.lanes[trajectory.lanes[0]].method->Label(), batch.call, asked, ToString(decision.site), there);
      sources.push_back({&decision, &found->second[row]});
      adds |= asked > 1;
      rounds |= !decision.sums.empty();
    }
    at::Tensor memory;
    const at::Tensor& block = sources[0].kept->at(0).block;
    if (adds && !rounds && block.is_cpu())
      memory = MemoryFor(block, std::ssize(chunk), end - first).select(0, row - first);
    cached.push_back(SumsOf(sources, memory));
    in_memory &= memory.defined() && cached.back().is_alias_of(memory);
  }
  if (in_memory) return memory_;
  return cached.size() == 1 ? cached[0].unsqueeze(0) : at::stack(cached);
}

const at::Tensor& Predictor::MemoryFor(const at::Tensor& block, int64_t count, int rows) {
  std::vector<int64_t> shape = block.sizes().vec();
  shape[0] = count;
  shape.insert(shape.begin(), rows);
  if (!memory_.defined() || memory_.sizes() != shape || memory_.scalar_type() != block.scalar_type())
    memory_ = at::empty(shape, block.options().memory_format(at::MemoryFormat::Contiguous));
  return memory_;
}

void Predictor::Keep(ActiveBatch* batch, int b, int row, int64_t place, const at::Tensor& input,
                     const at::Tensor& output, const std::map<CacheSite, at::Tensor>& kept) {
  Trajectory& trajectory = batch->trajectories[b];
  for (const auto& [site, depth] : Wanted(trajectory)) {
    if (site == kCallsSite) continue;
    const bool is_output = site == kOutputSite;
    Push(&trajectory.rings[site][row], {is_output ? output : kept.at(site), place}, depth);
    if (is_output) Push(&trajectory.inputs[site][row], {input, place}, depth);
  }
}

// What every call leaves, whatever it did.
void Predictor::KeepCalls(ActiveBatch* batch) {
  std::vector<int> wanting, depths;
  for (size_t b = 0; b < batch->trajectories.size(); ++b) {
    const auto wanted = Wanted(batch->trajectories[b]);
    if (const auto found = wanted.find(kCallsSite); found != wanted.end())
      wanting.push_back(static_cast<int>(b)), depths.push_back(found->second);
  }
  if (wanting.empty()) return;
  const at::Tensor inputs = c_.InputFor(*batch, wanting, &conditioning_).sample;
  for (size_t k = 0; k < wanting.size(); ++k) {
    Trajectory& trajectory = batch->trajectories[wanting[k]];
    const RowRef& made = trajectory.model_output;
    for (int row = 0; row < c_.guidance_rows(); ++row) {
      Push(&trajectory.rings[kCallsSite][row], {made.block.select(0, row), made.row}, depths[k]);
      Push(&trajectory.inputs[kCallsSite][row], {inputs, static_cast<int64_t>(k)}, depths[k]);
    }
  }
}

// Outputs that are weighted sums of earlier ones, all of a guidance row at once.
void Predictor::Combine(ActiveBatch* batch) {
  for (int row = 0; row < c_.guidance_rows(); ++row) {
    std::vector<int> combined;
    for (size_t b = 0; b < batch->trajectories.size(); ++b)
      if (DecisionOf(*batch, batch->trajectories[b], row).action == Action::kCombine)
        combined.push_back(static_cast<int>(b));
    if (combined.empty()) continue;
    const at::Tensor now = c_.InputFor(*batch, combined, &conditioning_).sample;
    std::vector<Source> sources;
    for (size_t k = 0; k < combined.size(); ++k) {
      const Trajectory& trajectory = batch->trajectories[combined[k]];
      const Decision& decision = DecisionOf(*batch, trajectory, row);
      const auto found = trajectory.rings.find(decision.site == kCallsSite ? kCallsSite : kOutputSite);
      const int there = found == trajectory.rings.end() ? 0 : static_cast<int>(found->second[row].size());
      if (there < 1 || there < DepthOf(decision, RoundedSum::From::kKept) ||
          there < DepthOf(decision, RoundedSum::From::kInput) - 1)
        Fail("{}: combines in call {} more outputs of earlier calls than are kept, {}",
             c_.lanes[trajectory.lanes[0]].method->Label(), batch->call, there);
      sources.push_back(
          {&decision, &found->second[row], &trajectory.inputs.at(found->first)[row], {now, static_cast<int64_t>(k)}});
    }
    const at::Tensor sums = SumsOf(sources, {});
    for (size_t k = 0; k < combined.size(); ++k) made_[combined[k]][row] = {sums, static_cast<int64_t>(k)};
  }
}

// Guidance rows that were made apart become one output again.
void Predictor::Assemble(ActiveBatch* batch) {
  std::vector<int> some;
  for (size_t b = 0; b < made_.size(); ++b)
    if (std::ranges::any_of(made_[b], [](const RowRef& ref) { return ref.block.defined(); }))
      some.push_back(static_cast<int>(b));
  if (some.empty()) return;
  std::vector<at::Tensor> rows;
  for (int row = 0; row < c_.guidance_rows(); ++row) {
    std::vector<RowRef> refs;
    for (int b : some) {
      const RowRef& last = batch->trajectories[b].model_output;
      refs.push_back(made_[b][row].block.defined() ? made_[b][row] : RowRef{last.block.select(0, row), last.row});
    }
    rows.push_back(GatherRows(refs, 0));
  }
  const at::Tensor outputs = at::stack(rows);
  for (size_t k = 0; k < some.size(); ++k)
    batch->trajectories[some[k]].model_output = {outputs, static_cast<int64_t>(k)};
}

}  // namespace skipbench::tree
