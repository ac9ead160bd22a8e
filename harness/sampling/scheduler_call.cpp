#include "harness/sampling/scheduler_call.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "harness/base/error.h"
#include "harness/base/even_batches.h"
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

void SchedulerCall::Decide(ActiveBatch* batch) {
  for (int w : batch->lanes) {
    Lane& lane = lanes_[w];
    const Decision decision = lane.policy->Decide(batch->call);
    if (batch->call == 0 && decision.action != Action::kPredict)
      Fail("{}: the first call of a trajectory must predict, the method decided {}", lane.method->Label(),
           ToString(decision));
    lane.decisions.push_back(decision);
  }
  const size_t before = batch->trajectories.size();
  for (size_t b = 0; b < before; ++b) Split(batch, b);
  batch->decided = true;
}

void SchedulerCall::Split(ActiveBatch* batch, size_t b) {
  std::vector<std::pair<Decision, std::vector<int>>> parts;
  for (int w : batch->trajectories[b].lanes) {
    const Decision& decision = lanes_[w].decisions[batch->call];
    auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.first == decision; });
    if (part == parts.end()) part = parts.insert(parts.end(), {decision, {}});
    part->second.push_back(w);
  }
  for (size_t p = 1; p < parts.size(); ++p) {
    Trajectory twin = batch->trajectories[b];  // handles, not tensors
    twin.lanes = std::move(parts[p].second);
    for (int w : twin.lanes)
      lanes_[w].trajectory[twin.sample - lanes_[w].first_sample] = static_cast<int>(batch->trajectories.size());
    DropUnusedFeatures(&twin);
    batch->trajectories.push_back(std::move(twin));
  }
  if (parts.size() > 1) {
    batch->trajectories[b].lanes = std::move(parts[0].second);
    DropUnusedFeatures(&batch->trajectories[b]);
  }
}

std::vector<int> SchedulerCall::CachePositions(const Trajectory& trajectory) const {
  std::set<int> wanted;
  for (int w : trajectory.lanes) wanted.insert(lanes_[w].cache_positions.begin(), lanes_[w].cache_positions.end());
  return {wanted.begin(), wanted.end()};
}

void SchedulerCall::DropUnusedFeatures(Trajectory* trajectory) const {
  if (trajectory->features.empty()) return;
  const auto wanted = CachePositions(*trajectory);
  std::erase_if(trajectory->features,
                [&](const auto& f) { return !std::binary_search(wanted.begin(), wanted.end(), f.first); });
}

void SchedulerCall::Run(ActiveBatch* batch) {
  Predict(batch);
  Step(batch);
  Observe(batch);
  ++batch->call;
  batch->decided = false;
}

// 2: network calls, in chunks.
void SchedulerCall::Predict(ActiveBatch* batch) {
  std::vector<int> full;
  std::map<int, std::vector<int>> shallow;
  for (size_t b = 0; b < batch->trajectories.size(); ++b) {
    const Decision& decision = lanes_[batch->trajectories[b].lanes[0]].decisions[batch->call];
    if (decision.action == Action::kPredict) full.push_back(static_cast<int>(b));
    if (decision.action == Action::kShallow) shallow[decision.cache_position].push_back(static_cast<int>(b));
  }
  const size_t size = options_.batch_invariant ? 1 : static_cast<size_t>(options_.batch_size);
  EvenBatches(std::span<const int>(full), size, [&](std::span<const int> chunk) { PredictFull(batch, chunk); });
  for (const auto& [position, list] : shallow)
    EvenBatches(std::span<const int>(list), size,
                [&, position = position](std::span<const int> chunk) { PredictShallow(batch, chunk, position); });
  if (options_.max_states > 0) Compact(batch);
  if (options_.keep_predictions)
    for (auto& trajectory : batch->trajectories) trajectory.predictions.push_back(trajectory.model_output);
}

DenoiserInput SchedulerCall::InputFor(const ActiveBatch& batch, std::span<const int> chunk) {
  std::vector<RowRef> rows;
  std::vector<int64_t> sample_of;
  for (int b : chunk) {
    rows.push_back({batch.state.latent, batch.trajectories[b].row});
    sample_of.push_back(batch.trajectories[b].sample);
  }
  return stepping_.Input(rows, sample_of, batch.call, &conditioning_);
}

void SchedulerCall::PredictFull(ActiveBatch* batch, std::span<const int> chunk) {
  DenoiserInput input = InputFor(*batch, chunk);
  std::vector<std::vector<int>> wanted;
  std::set<int> keep;
  for (int b : chunk) {
    wanted.push_back(CachePositions(batch->trajectories[b]));
    keep.insert(wanted.back().begin(), wanted.back().end());
  }
  input.keep.assign(keep.begin(), keep.end());
  const DenoiserOutput output = denoiser_.Predict(input);
  for (size_t k = 0; k < chunk.size(); ++k) {
    Trajectory& trajectory = batch->trajectories[chunk[k]];
    trajectory.model_output = {output.model_output, static_cast<int64_t>(k)};
    trajectory.features.clear();
    for (int position : wanted[k])
      trajectory.features[position] = {output.features.at(position), static_cast<int64_t>(k)};
  }
  result_.full_evaluations += static_cast<int64_t>(chunk.size());
  result_.macs += denoiser_.Macs(Action::kPredict, 0) * static_cast<int64_t>(chunk.size());
}

void SchedulerCall::PredictShallow(ActiveBatch* batch, std::span<const int> chunk, int position) {
  DenoiserInput input = InputFor(*batch, chunk);
  input.shallow = true;
  input.cache_position = position;
  std::vector<RowRef> features;
  for (int b : chunk) {
    const Trajectory& trajectory = batch->trajectories[b];
    auto found = trajectory.features.find(position);
    if (found == trajectory.features.end())
      Fail("{}: asks for a shallow forward at branch {} in call {} without having declared that branch",
           lanes_[trajectory.lanes[0]].method->Label(), position, batch->call);
    features.push_back(found->second);
  }
  input.features = GatherRows(features, 1);
  const DenoiserOutput output = denoiser_.Predict(input);
  for (size_t k = 0; k < chunk.size(); ++k)
    batch->trajectories[chunk[k]].model_output = {output.model_output, static_cast<int64_t>(k)};
  result_.shallow_evaluations += static_cast<int64_t>(chunk.size());
  result_.macs += denoiser_.Macs(Action::kShallow, position) * static_cast<int64_t>(chunk.size());
}

// 3: guidance and one scheduler step for all trajectories.
void SchedulerCall::Step(ActiveBatch* batch) {
  State& state = batch->state;
  std::vector<int64_t> rows, sample_of;
  std::vector<RowRef> model_output;
  for (const auto& trajectory : batch->trajectories) {
    rows.push_back(trajectory.row);
    model_output.push_back(trajectory.model_output);
    sample_of.push_back(trajectory.sample);
  }
  Select(&state, rows);
  for (size_t b = 0; b < batch->trajectories.size(); ++b) batch->trajectories[b].row = static_cast<int64_t>(b);
  Stepping::Stepped stepped = stepping_.Step(state.latent, state.scheduler, model_output, sample_of, batch->call);
  state.latent = std::move(stepped.latent);
  state.scheduler = std::move(stepped.scheduler);
  PushFront(&state.past_latents, state.latent, needs_.latent_order);
  PushFront(&state.past_predictions, stepped.guided, needs_.prediction_order);
  if (options_.keep_latents)
    for (auto& trajectory : batch->trajectories) trajectory.latents.push_back({state.latent, trajectory.row});
}

// 4: one pass of sums, one copy to the host, and every lane looks.
void SchedulerCall::Observe(ActiveBatch* batch) {
  const State& state = batch->state;
  const std::vector<at::Tensor> latents =
      needs_.latent_order ? state.past_latents : std::vector<at::Tensor>{state.latent};
  at::Tensor sums = ComputeDifferenceSums(latents, needs_.latent_order);
  if (needs_.prediction_order)
    sums = at::cat({sums, ComputeDifferenceSums(state.past_predictions, needs_.prediction_order)}, 1);
  if (options_.keep_differences && options_.reference >= 0) sums = at::cat({sums, ErrorSums(*batch)}, 1);
  const bool anyone_looks = needs_.latent_order || needs_.prediction_order;
  if (!anyone_looks && state.latent.is_cuda()) {
    Pending pending{sums, batch->call, {}};  // a run that nobody watches never waits for the device
    for (const auto& trajectory : batch->trajectories)
      pending.trajectories.push_back({trajectory.sample, trajectory.lanes[0]});
    pending_.push_back(std::move(pending));
  } else {
    sums = sums.cpu();
    CheckFinite(sums, batch->call, [&](int64_t b) {
      return Name{batch->trajectories[b].sample, batch->trajectories[b].lanes[0]};
    });
  }
  if (options_.keep_differences)
    for (auto& trajectory : batch->trajectories) trajectory.sums.push_back({sums, trajectory.row});
  for (int w : batch->lanes) ShowTo(*batch, &lanes_[w], sums);
}

// Of every trajectory, float64 [trajectories, 2]: squared distance to the reference's latent of the same sample, and
// that one's square.
at::Tensor SchedulerCall::ErrorSums(const ActiveBatch& batch) const {
  std::vector<int64_t> reference_of(samples_.size());
  for (int w : batch.lanes)
    if (const Lane& lane = lanes_[w]; lane.setting == options_.reference)
      for (size_t k = 0; k < lane.trajectory.size(); ++k) reference_of[lane.first_sample + k] = lane.trajectory[k];
  std::vector<int64_t> rows;
  for (const auto& trajectory : batch.trajectories) rows.push_back(reference_of[trajectory.sample]);
  const at::Tensor latents = batch.state.latent.flatten(1).to(at::kDouble);
  const at::Tensor reference =
      latents.index_select(0, at::tensor(rows, at::kLong).to(latents.device(), /*non_blocking=*/true));
  return at::stack({(latents - reference).square().sum(1), reference.square().sum(1)}, 1);
}

void SchedulerCall::ShowTo(const ActiveBatch& batch, Lane* lane, const at::Tensor& sums) const {
  const Needs asked = lane->method->Observes();
  Observation seen;
  seen.action = lane->decisions.back().action;
  seen.elements =
      batch.state.latent.numel() / batch.state.latent.size(0) * static_cast<int64_t>(lane->trajectory.size());
  std::vector<at::Tensor> latents;
  if (asked.tensors)
    for (int b : lane->trajectory) latents.push_back(batch.state.latent.select(0, b));
  seen.latents = latents;
  if (asked.latent_order || asked.prediction_order) {  // then the sums are on the host
    std::vector<const double*> rows, predictions;
    for (int b : lane->trajectory) {
      rows.push_back(sums.const_data_ptr<double>() + b * sums.size(1));
      predictions.push_back(rows.back() + kPredictionColumns);
    }
    seen.latent = Total(rows, asked.latent_order);
    seen.prediction = Total(predictions, asked.prediction_order);
  }
  lane->policy->Observe(batch.call, seen);
}

void SchedulerCall::CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const {
  const double* data = sums.const_data_ptr<double>();
  for (int64_t b = 0; b < sums.size(0); ++b) {
    if (std::isfinite(data[b * sums.size(1) + kSelfAbs])) continue;
    Fail("sample {}: the latent after call {} (timestep {}) is not finite (NaN or infinity) with {}",
         samples_[name(b).sample].id, call, scheduler_.timestep(call), lanes_[name(b).lane].method->Label());
  }
}

void SchedulerCall::CheckPending() const {
  for (const auto& pending : pending_)
    CheckFinite(pending.sums.cpu(), pending.call, [&](int64_t b) { return pending.trajectories[b]; });
}

CallTrace SchedulerCall::TraceOf(const RowRef& sums) const {
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
