#include "harness/sampling/front_call.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/error.h"
#include "harness/sampling/difference_sums.h"

namespace skipbench::tree {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Columns of a row of sums: the latent's differences, then (by what is needed) the prediction's, then the errors.
constexpr int kPredictionColumns = kDifferenceColumns;
constexpr int kErrorColumns = 2 * kDifferenceColumns;

void PushFront(std::vector<at::Tensor>* past, const at::Tensor& newest, int order) {
  if (order == 0) return;
  past->insert(past->begin(), newest);
  if (static_cast<int>(past->size()) > order + 1) past->pop_back();
}

// The sum over `rows` of what is asked for by `order`.
DifferenceSums Total(std::span<const double* const> rows, int order) {
  DifferenceSums total;
  const auto add_up = [&](int column) {
    double sum = 0;
    for (const double* row : rows) sum += row[column];
    return sum;
  };
  for (int k = 0; k < order; ++k) {
    total.abs[k] = add_up(2 * k);
    total.square[k] = add_up(2 * k + 1);
  }
  if (order == 0) return total;
  total.self_abs = add_up(kSelfAbs);
  total.self_square = add_up(kSelfSquare);
  return total;
}

}  // namespace

void FrontCall::Decide(Front* front) {
  for (int w : front->walkers) {
    Walker& walker = walkers_[w];
    const Decision decision = walker.policy->Decide(front->call);
    if (front->call == 0 && decision.action != Action::kPredict)
      Fail("{}: the first call of a trajectory must predict, the method decided {}", walker.method->Label(), ToString(decision));
    walker.decisions.push_back(decision);
  }
  const size_t before = front->branches.size();
  for (size_t b = 0; b < before; ++b) Split(front, b);
  front->decided = true;
}

void FrontCall::Split(Front* front, size_t b) {
  std::vector<std::pair<Decision, std::vector<int>>> parts;
  for (int w : front->branches[b].walkers) {
    const Decision& decision = walkers_[w].decisions[front->call];
    auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.first == decision; });
    if (part == parts.end()) part = parts.insert(parts.end(), {decision, {}});
    part->second.push_back(w);
  }
  for (size_t p = 1; p < parts.size(); ++p) {
    Branch twin = front->branches[b];      // handles, not tensors
    twin.walkers = std::move(parts[p].second);
    for (int w : twin.walkers) walkers_[w].branch[twin.sample - walkers_[w].first_sample] = static_cast<int>(front->branches.size());
    DropUnusedFeatures(&twin);
    front->branches.push_back(std::move(twin));
  }
  if (parts.size() > 1) {
    front->branches[b].walkers = std::move(parts[0].second);
    DropUnusedFeatures(&front->branches[b]);
  }
}

std::vector<int> FrontCall::CachedBranches(const Branch& branch) const {
  std::vector<int> wanted;
  for (int w : branch.walkers)
    wanted.insert(wanted.end(), walkers_[w].cached_branches.begin(), walkers_[w].cached_branches.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return wanted;
}

void FrontCall::DropUnusedFeatures(Branch* branch) const {
  if (branch->features.empty()) return;
  const auto wanted = CachedBranches(*branch);
  std::erase_if(branch->features, [&](const auto& f) { return !std::binary_search(wanted.begin(), wanted.end(), f.first); });
}

void FrontCall::Run(Front* front) {
  Predict(front);
  Step(front);
  Observe(front);
  ++front->call;
  front->decided = false;
}

// 2: network calls, in chunks.
void FrontCall::Predict(Front* front) {
  std::vector<int> full;
  std::map<int, std::vector<int>> shallow;
  for (size_t b = 0; b < front->branches.size(); ++b) {
    const Decision& decision = walkers_[front->branches[b].walkers[0]].decisions[front->call];
    if (decision.action == Action::kPredict) full.push_back(static_cast<int>(b));
    if (decision.action == Action::kShallow) shallow[decision.branch].push_back(static_cast<int>(b));
  }
  InChunks(full, [&](std::span<const int> chunk) { PredictFull(front, chunk); });
  for (const auto& [position, list] : shallow)
    InChunks(list, [&, position = position](std::span<const int> chunk) { PredictShallow(front, chunk, position); });
  if (options_.max_states > 0) Compact(front);
  if (options_.keep_predictions)
    for (auto& branch : front->branches) branch.predictions.push_back(branch.raw);
}

void FrontCall::InChunks(const std::vector<int>& list, const std::function<void(std::span<const int>)>& f) const {
  const size_t size = options_.batch_invariant ? 1 : static_cast<size_t>(options_.batch_size);
  for (size_t begin = 0; begin < list.size(); begin += size)
    f(std::span<const int>(list).subspan(begin, std::min(size, list.size() - begin)));
}

DenoiserInput FrontCall::InputFor(const Front& front, std::span<const int> chunk) {
  std::vector<RowRef> rows;
  sample_of_.clear();
  for (int b : chunk) {
    rows.push_back({front.state.latent, front.branches[b].row});
    sample_of_.push_back(front.branches[b].sample);
  }
  return stepping_.Input(rows, sample_of_, front.call);
}

void FrontCall::PredictFull(Front* front, std::span<const int> chunk) {
  DenoiserInput input = InputFor(*front, chunk);
  std::vector<std::vector<int>> wanted;
  for (int b : chunk) {
    wanted.push_back(CachedBranches(front->branches[b]));
    input.keep.insert(input.keep.end(), wanted.back().begin(), wanted.back().end());
  }
  std::sort(input.keep.begin(), input.keep.end());
  input.keep.erase(std::unique(input.keep.begin(), input.keep.end()), input.keep.end());
  const DenoiserOutput output = denoiser_.Predict(input);
  for (size_t k = 0; k < chunk.size(); ++k) {
    Branch& branch = front->branches[chunk[k]];
    branch.raw = {output.raw, static_cast<int64_t>(k)};
    branch.features.clear();
    for (int position : wanted[k]) branch.features[position] = {output.features.at(position), static_cast<int64_t>(k)};
  }
  result_.full_evaluations += static_cast<int64_t>(chunk.size());
  Spend(Action::kPredict, 0, chunk.size());
}

void FrontCall::PredictShallow(Front* front, std::span<const int> chunk, int position) {
  DenoiserInput input = InputFor(*front, chunk);
  input.shallow = true;
  input.branch = position;
  std::vector<RowRef> features;
  for (int b : chunk) {
    const Branch& branch = front->branches[b];
    auto found = branch.features.find(position);
    if (found == branch.features.end())
      Fail("{}: asks for a shallow forward at branch {} in call {} without having declared that branch",
           walkers_[branch.walkers[0]].method->Label(), position, front->call);
    features.push_back(found->second);
  }
  input.features = GatherRows(features, 1);
  const DenoiserOutput output = denoiser_.Predict(input);
  for (size_t k = 0; k < chunk.size(); ++k) front->branches[chunk[k]].raw = {output.raw, static_cast<int64_t>(k)};
  result_.shallow_evaluations += static_cast<int64_t>(chunk.size());
  Spend(Action::kShallow, position, chunk.size());
}

void FrontCall::Spend(Action action, int position, size_t count) {
  const MacCount one = denoiser_.Macs(action, position);
  result_.macs.modules += one.modules * static_cast<double>(count);
  result_.macs.matmuls += one.matmuls * static_cast<double>(count);
}

// 3: guidance and one scheduler step for all branches.
void FrontCall::Step(Front* front) {
  State& state = front->state;
  std::vector<int64_t> rows, sample_of;
  std::vector<RowRef> raw;
  for (const auto& branch : front->branches) {
    rows.push_back(branch.row);
    raw.push_back(branch.raw);
    sample_of.push_back(branch.sample);
  }
  Select(&state, rows);
  for (size_t b = 0; b < front->branches.size(); ++b) front->branches[b].row = static_cast<int64_t>(b);
  Stepping::Stepped stepped = stepping_.Step(state.latent, state.scheduler, raw, sample_of, front->call);
  state.latent = std::move(stepped.latent);
  state.scheduler = std::move(stepped.scheduler);
  PushFront(&state.past_latents, state.latent, needs_.latent_order);
  PushFront(&state.past_predictions, stepped.guided, needs_.prediction_order);
  if (options_.keep_latents)
    for (auto& branch : front->branches) branch.latents.push_back({state.latent, branch.row});
}

// 4: one pass of sums, one copy to the host, and every walker looks.
void FrontCall::Observe(Front* front) {
  const State& state = front->state;
  const std::vector<at::Tensor> latents = needs_.latent_order ? state.past_latents : std::vector<at::Tensor>{state.latent};
  at::Tensor sums = ComputeDifferenceSums(latents, needs_.latent_order);
  if (needs_.prediction_order)
    sums = at::cat({sums, ComputeDifferenceSums(state.past_predictions, needs_.prediction_order)}, 1);
  if (options_.keep_differences && options_.reference >= 0) sums = at::cat({sums, ErrorSums(*front)}, 1);
  const bool anyone_looks = needs_.latent_order || needs_.prediction_order;
  if (!anyone_looks && state.latent.is_cuda()) {
    Pending pending{sums, front->call, {}};      // a run that nobody watches never waits for the device
    for (const auto& branch : front->branches) pending.branches.push_back(NameOf(branch));
    pending_.push_back(std::move(pending));
  } else {
    sums = sums.cpu();
    CheckFinite(sums, front->call, [&](int64_t b) { return NameOf(front->branches[b]); });
  }
  if (options_.keep_differences)
    for (auto& branch : front->branches) branch.sums.push_back({sums, branch.row});
  for (int w : front->walkers) Show(*front, &walkers_[w], sums);
}

// Of every branch, float64 [branches, 2]: squared distance to the reference's latent of the same sample, and that one's square.
at::Tensor FrontCall::ErrorSums(const Front& front) const {
  std::vector<int64_t> reference_of(samples_.size());
  for (int w : front.walkers)
    if (const Walker& walker = walkers_[w]; walker.setting == options_.reference)
      for (size_t k = 0; k < walker.branch.size(); ++k) reference_of[walker.first_sample + k] = walker.branch[k];
  std::vector<int64_t> rows;
  for (const auto& branch : front.branches) rows.push_back(reference_of[branch.sample]);
  const at::Tensor latents = front.state.latent.flatten(1).to(at::kDouble);
  const at::Tensor reference = latents.index_select(0, at::tensor(rows, at::kLong).to(latents.device(), /*non_blocking=*/true));
  return at::stack({(latents - reference).square().sum(1), reference.square().sum(1)}, 1);
}

void FrontCall::Show(const Front& front, Walker* walker, const at::Tensor& sums) const {
  const Needs asked = walker->method->Observes();
  Observation seen;
  seen.action = walker->decisions.back().action;
  seen.elements = front.state.latent.numel() / front.state.latent.size(0) * static_cast<int64_t>(walker->branch.size());
  std::vector<at::Tensor> latents;
  if (asked.tensors)
    for (int b : walker->branch) latents.push_back(front.state.latent.select(0, b));
  seen.latents = latents;
  if (asked.latent_order || asked.prediction_order) {      // then the sums are on the host
    std::vector<const double*> rows, predictions;
    for (int b : walker->branch) {
      rows.push_back(sums.const_data_ptr<double>() + b * sums.size(1));
      predictions.push_back(rows.back() + kPredictionColumns);
    }
    seen.latent = Total(rows, asked.latent_order);
    seen.prediction = Total(predictions, asked.prediction_order);
  }
  walker->policy->Observe(front.call, seen);
}

FrontCall::Name FrontCall::NameOf(const Branch& branch) { return {branch.sample, branch.walkers[0]}; }

void FrontCall::CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const {
  const double* data = sums.const_data_ptr<double>();
  for (int64_t b = 0; b < sums.size(0); ++b) {
    if (std::isfinite(data[b * sums.size(1) + kSelfAbs])) continue;
    Fail("sample {}: the latent after call {} (timestep {}) is not finite (NaN or infinity) with {}", samples_[name(b).sample].id, call,
         scheduler_.timestep(call), walkers_[name(b).walker].method->Label());
  }
}

void FrontCall::CheckPending() const {
  for (const auto& pending : pending_)
    CheckFinite(pending.sums.cpu(), pending.call, [&](int64_t b) { return pending.branches[b]; });
}

CallTrace FrontCall::TraceOf(const RowRef& sums) const {
  const double* row = sums.block.const_data_ptr<double>() + sums.row * sums.block.size(1);
  const double* const prediction = row + kPredictionColumns;
  CallTrace trace;
  trace.latent = Total({&row, 1}, 3);
  trace.prediction = Total({&prediction, 1}, 3);
  trace.error_square = options_.reference >= 0 ? row[kErrorColumns] : kNaN;
  trace.reference_square = options_.reference >= 0 ? row[kErrorColumns + 1] : kNaN;
  return trace;
}

}  // namespace skipbench::tree
