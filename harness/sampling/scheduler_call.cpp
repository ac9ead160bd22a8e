#include "harness/sampling/scheduler_call.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/even_batches.h"
#include "harness/runtime/device_index.h"
#include "harness/sampling/difference_sums.h"

namespace skipbench::tree {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Of each guidance row: the magnitude, and the change as each of `views` has it.
int OutputColumns(const std::set<SumView>& views) { return views.empty() ? 0 : 1 + static_cast<int>(views.size()); }

// `order` of differences, or products of `count`.
void PushFront(std::vector<at::Tensor>* past, const at::Tensor& newest, int order, int count) {
  const int depth = std::max(order == 0 ? 0 : order + 1, count);
  if (depth == 0) return;
  past->insert(past->begin(), newest);
  if (static_cast<int>(past->size()) > depth) past->pop_back();
}

std::vector<at::Tensor> Newest(const std::vector<at::Tensor>& past, size_t count) {
  return {past.begin(), past.begin() + static_cast<int64_t>(std::min(count, past.size()))};
}

// Whether a guidance row has an earlier output to be compared with.
int FullForwards(const Lane& lane, int row) {
  int count = 0;
  for (const auto& decision : lane.decisions) count += decision[row].action == Action::kPredict;
  return count;
}

// The sum over `rows` of what is asked for by `order`, from column `first` on.
DifferenceSums Total(std::span<const double* const> rows, int first, int order) {
  DifferenceSums total;
  const auto add_up = [&](int column) {
    double sum = 0;
    for (const double* row : rows) sum += row[first + column];
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
    Lane& lane = c_.lanes[w];
    auto& probes = lane.probes.emplace_back();
    for (const auto& policy : lane.policies) probes.push_back(policy->Probe(batch->call));
  }
  const at::Tensor seen = prober_.Run(batch);
  at::Tensor sums = std::exchange(batch->unobserved, {});
  if (seen.defined() && sums.defined()) {
    const at::Tensor both = at::cat({seen.flatten(), sums.flatten()}).cpu();
    Observe(batch, both.narrow(0, seen.numel(), sums.numel()).view(sums.sizes()));
    prober_.Show(batch, both.narrow(0, 0, seen.numel()));
  } else {
    if (sums.defined()) Observe(batch, sums.cpu());
    if (seen.defined()) prober_.Show(batch, seen.cpu());
  }
  for (int w : batch->lanes) {
    Lane& lane = c_.lanes[w];
    PerGuidanceRow<Decision> decision;
    for (int row = 0; row < kMostGuidanceRows; ++row) {
      const size_t policy = std::min(static_cast<size_t>(row), lane.policies.size() - 1);
      decision[row] =
          policy < static_cast<size_t>(row) ? decision[row - 1] : lane.policies[policy]->Decide(batch->call);
      if (batch->call == 0 && decision[row].action != Action::kPredict)
        Fail("{}: the first call of a trajectory must predict, the method decided {}", lane.method->Label(),
             ToString(decision[row]));
    }
    lane.decisions.push_back(std::move(decision));
  }
  const size_t before = batch->trajectories.size();
  for (size_t b = 0; b < before; ++b) Split(batch, b);
  batch->decided = true;
}

void SchedulerCall::Split(ActiveBatch* batch, size_t b) {
  std::vector<std::pair<PerGuidanceRow<Decision>, std::vector<int>>> parts;
  for (int w : batch->trajectories[b].lanes) {
    const auto& decision = c_.lanes[w].decisions[batch->call];
    auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.first == decision; });
    if (part == parts.end()) part = parts.insert(parts.end(), {decision, {}});
    part->second.push_back(w);
  }
  for (size_t p = 1; p < parts.size(); ++p) {
    Trajectory twin = batch->trajectories[b];  // handles, not tensors
    twin.lanes = std::move(parts[p].second);
    for (int w : twin.lanes)
      c_.lanes[w].trajectory[twin.sample - c_.lanes[w].first_sample] = static_cast<int>(batch->trajectories.size());
    predictor_.DropUnused(&twin);
    batch->trajectories.push_back(std::move(twin));
  }
  if (parts.size() > 1) {
    batch->trajectories[b].lanes = std::move(parts[0].second);
    predictor_.DropUnused(&batch->trajectories[b]);
  }
}

void SchedulerCall::Run(ActiveBatch* batch) {
  predictor_.Run(batch);
  Remember(batch);
  if (c_.options.max_states > 0) Compact(batch);
  if (c_.options.keep_predictions)
    for (auto& trajectory : batch->trajectories) trajectory.predictions.push_back(trajectory.model_output);
  Step(batch);
  Sum(batch);
  ++batch->call;
  batch->decided = false;
}

void SchedulerCall::Finish(ActiveBatch* batch) {
  if (batch->unobserved.defined()) Observe(batch, std::exchange(batch->unobserved, {}).cpu());
}

// What was looked at in this call is what the next one compares with.
void SchedulerCall::Remember(ActiveBatch* batch) {
  for (auto& trajectory : batch->trajectories) {
    const auto& decisions = c_.lanes[trajectory.lanes[0]].decisions[batch->call];
    for (auto& [site, signals] : trajectory.signals)
      for (int row = 0; row < c_.guidance_rows(); ++row) {
        Signal& signal = signals[row];
        signal.previous = std::exchange(signal.now, {});
        signal.previous_abs = signal.now_abs;
        if (decisions[row].action != Action::kPredict) continue;
        signal.computed = signal.previous;
        signal.computed_abs = signal.previous_abs;
      }
  }
}

MacCount SchedulerCall::MacsOf(const Lane& lane) const {
  MacCount macs;
  for (size_t call = 0; call < lane.decisions.size(); ++call)
    for (int row = 0; row < c_.guidance_rows(); ++row) {
      const Decision& decision = lane.decisions[call][row];
      auto probe = lane.probes[call][std::min(static_cast<size_t>(row), lane.policies.size() - 1)];
      if (probe) probe = probe->of_network() ? std::optional(probe->whole()) : std::nullopt;
      if (decision.action == Action::kPredict || decision.action == Action::kShallow || probe)
        macs += c_.denoiser.Macs(
            {decision.action, decision.action == Action::kShallow ? decision.site : CacheSite{}, probe});
    }
  return macs;
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
  Stepping::Stepped stepped = c_.stepping.Step(state.latent, state.scheduler, model_output, sample_of, batch->call);
  state.latent = std::move(stepped.latent);
  state.scheduler = std::move(stepped.scheduler);
  PushFront(&state.past_latents, state.latent, c_.needs.latent_order, c_.needs.products);
  PushFront(&state.past_predictions, stepped.guided, c_.needs.prediction_order, c_.needs.products);
  if (c_.options.keep_latents)
    for (auto& trajectory : batch->trajectories) trajectory.latents.push_back({state.latent, trajectory.row});
}

SchedulerCall::Columns SchedulerCall::ColumnsOf() const {
  Columns columns;
  columns.prediction = kDifferenceColumns;
  columns.output = columns.prediction + (c_.needs.prediction_order ? kDifferenceColumns : 0);
  columns.products = columns.output + kMostGuidanceRows * OutputColumns(c_.needs.output);
  columns.errors = columns.products + 4 * c_.needs.products * c_.needs.products;
  columns.all = columns.errors + (c_.options.keep_differences && c_.options.reference >= 0 ? 2 : 0);
  return columns;
}

// 4: one pass of sums; they are looked at with what the next call asks for.
void SchedulerCall::Sum(ActiveBatch* batch) {
  const State& state = batch->state;
  const std::vector<at::Tensor> latents =
      c_.needs.latent_order ? state.past_latents : std::vector<at::Tensor>{state.latent};
  std::vector<at::Tensor> sums = {ComputeDifferenceSums(Newest(latents, 4), c_.needs.latent_order)};
  if (c_.needs.prediction_order)
    sums.push_back(ComputeDifferenceSums(Newest(state.past_predictions, 4), c_.needs.prediction_order));
  if (!c_.needs.output.empty()) sums.push_back(OutputSumsOf(*batch));
  if (c_.needs.products) sums.push_back(ProductsOf(state));
  if (c_.options.keep_differences && c_.options.reference >= 0) sums.push_back(ErrorSums(*batch));
  batch->unobserved = sums.size() == 1 ? sums[0] : at::cat(sums, 1);
  const bool anyone_looks =
      c_.needs.latent_order || c_.needs.prediction_order || !c_.needs.output.empty() || c_.needs.products;
  if (anyone_looks || state.latent.is_cpu()) return;
  Pending pending{std::exchange(batch->unobserved, {}), batch->call, {}};  // nobody waits for the device
  for (const auto& trajectory : batch->trajectories)
    pending.trajectories.push_back({trajectory.sample, trajectory.lanes[0]});
  if (c_.options.keep_differences)
    for (auto& trajectory : batch->trajectories) trajectory.sums.push_back({pending.sums.cpu(), trajectory.row});
  pending_.push_back(std::move(pending));
  for (int w : batch->lanes)
    for (size_t p = 0; p < c_.lanes[w].policies.size(); ++p) ShowTo(*batch, &c_.lanes[w], static_cast<int>(p), {});
}

void SchedulerCall::Observe(ActiveBatch* batch, const at::Tensor& sums) {
  CheckFinite(sums, batch->call - 1, [&](int64_t b) {
    return Name{batch->trajectories[b].sample, batch->trajectories[b].lanes[0]};
  });
  if (c_.options.keep_differences)
    for (auto& trajectory : batch->trajectories) trajectory.sums.push_back({sums, trajectory.row});
  for (int w : batch->lanes)
    for (size_t p = 0; p < c_.lanes[w].policies.size(); ++p) ShowTo(*batch, &c_.lanes[w], static_cast<int>(p), sums);
}

// Of every trajectory and guidance row: how far the newest output of a full forward is from the one before, and its
// magnitude. Who made no full forward is not shown it.
at::Tensor SchedulerCall::OutputSumsOf(const ActiveBatch& batch) const {
  std::vector<at::Tensor> columns;
  for (int row = 0; row < kMostGuidanceRows; ++row) {
    std::vector<RowRef> newest, before;
    for (const auto& trajectory : batch.trajectories) {
      const auto found = trajectory.rings.find(CacheSite{CacheSite::Level::kOutput});
      const Ring empty = {RowRef{batch.state.latent, trajectory.row}};  // of one who does not ask
      const Ring& ring = found == trajectory.rings.end() ? empty : found->second[std::min(row, c_.guidance_rows() - 1)];
      newest.push_back(ring[0]);
      before.push_back(ring[ring.size() > 1 ? 1 : 0]);
    }
    const at::Tensor now = GatherRows(newest, 0), then = GatherRows(before, 0);
    columns.push_back(ComputeDifferenceSums({now}, 0).select(1, kSelfAbs));
    for (const SumView& view : c_.needs.output) columns.push_back(ComputeChangeSums(now, then, view).select(1, kAbs1));
  }
  return at::stack(columns, 1);
}

// By |u - v|^2 = u^2 - 2 u v + v^2, in float64.
at::Tensor SchedulerCall::ProductsOf(const State& state) const {
  const auto count = static_cast<size_t>(c_.needs.products);
  std::vector<at::Tensor> v = state.past_latents;
  v.resize(count);
  v.insert(v.end(), state.past_predictions.begin(),
           state.past_predictions.begin() + static_cast<int64_t>(std::min(count, state.past_predictions.size())));
  v.resize(2 * count);
  const at::Tensor none = at::full({state.latent.size(0)}, kNaN, state.latent.options().dtype(at::kDouble));
  std::vector<at::Tensor> products(v.size() * v.size(), none);
  std::vector<at::Tensor> squares;
  for (const at::Tensor& one : v)
    squares.push_back(one.defined() ? ComputeDifferenceSums({one}, 0).select(1, kSelfSquare) : at::Tensor());
  for (size_t i = 0; i < v.size(); ++i)
    for (size_t j = i; j < v.size(); ++j) {
      if (!v[i].defined() || !v[j].defined()) continue;
      const at::Tensor product =
          i == j ? squares[i]
                 : (squares[i] + squares[j] - ComputeDifferenceSums({v[i], v[j]}, 1).select(1, kSquare1)) / 2;
      products[i * v.size() + j] = products[j * v.size() + i] = product;
    }
  return at::stack(products, 1);
}

// Of every trajectory, float64 [trajectories, 2]: squared distance to the reference's latent of the same sample, and
// that one's square.
at::Tensor SchedulerCall::ErrorSums(const ActiveBatch& batch) const {
  std::vector<int64_t> reference_of(c_.samples.size());
  for (int w : batch.lanes)
    if (const Lane& lane = c_.lanes[w]; lane.setting == c_.options.reference)
      for (size_t k = 0; k < lane.trajectory.size(); ++k) reference_of[lane.first_sample + k] = lane.trajectory[k];
  std::vector<int64_t> rows;
  for (const auto& trajectory : batch.trajectories) rows.push_back(reference_of[trajectory.sample]);
  const at::Tensor latents = batch.state.latent.flatten(1).to(at::kDouble);
  const at::Tensor reference = latents.index_select(0, DeviceIndex(rows, latents.device()));
  return at::stack({(latents - reference).square().sum(1), reference.square().sum(1)}, 1);
}

void SchedulerCall::ShowTo(const ActiveBatch& batch, Lane* lane, int policy, const at::Tensor& sums) const {
  const Needs asked = lane->method->Observes();
  const auto [first, end] = GuidanceRowsOf(*lane, policy, c_.guidance_rows());
  Observation seen;
  seen.action = lane->decisions.back()[first].action;
  const int64_t latent_elements = batch.state.latent.numel() / batch.state.latent.size(0);
  seen.elements = latent_elements * static_cast<int64_t>(lane->trajectory.size());
  std::vector<at::Tensor> latents;
  if (asked.tensors)
    for (int b : lane->trajectory) latents.push_back(batch.state.latent.select(0, b));
  seen.latents = latents;
  if (sums.defined()) {
    const Columns columns = ColumnsOf();
    std::vector<const double*> rows;
    for (int b : lane->trajectory) rows.push_back(sums.const_data_ptr<double>() + b * sums.size(1));
    const auto add_up = [&](int column) {
      double sum = 0;
      for (const double* row : rows) sum += row[column];
      return sum;
    };
    seen.latent = Total(rows, 0, asked.latent_order);
    seen.prediction = Total(rows, columns.prediction, asked.prediction_order);
    if (!asked.output.empty() && seen.action == Action::kPredict) {
      const SumView& view = *asked.output.begin();
      const auto place = static_cast<int>(std::distance(c_.needs.output.begin(), c_.needs.output.find(view)));
      const bool first_one = FullForwards(*lane, first) < 2;
      const int64_t viewed = ViewOf(batch.state.latent, view)[0].numel() * std::ssize(lane->trajectory);
      seen.output = {.elements = seen.elements * (end - first),
                     .self_abs = 0,
                     .change = 0,
                     .changed_elements = viewed * (end - first)};
      const auto self = [&](int row) { return columns.output + OutputColumns(c_.needs.output) * row; };
      for (int row = first; row < end; ++row) {
        seen.output.self_abs += add_up(self(row));
        seen.output.change += first_one ? kNotShown : add_up(self(row) + 1 + place);
      }
      if (!lane->decides_apart()) {
        seen.output.rows_elements = seen.elements * c_.guidance_rows();
        seen.output.rows_abs = 0;
        for (int row = 0; row < c_.guidance_rows(); ++row) seen.output.rows_abs += add_up(self(row));
      }
    }
    // As many of each as this method asked for, of those that the others asked for.
    for (int i = 0; i < 2 * asked.products; ++i)
      for (int j = 0; j < 2 * asked.products; ++j) {
        const auto place = [&](int k) { return k < asked.products ? k : k - asked.products + c_.needs.products; };
        seen.products.push_back(add_up(columns.products + place(i) * 2 * c_.needs.products + place(j)));
      }
  }
  lane->policies[policy]->Observe(batch.call - (sums.defined() ? 1 : 0), seen);
}

void SchedulerCall::CheckFinite(const at::Tensor& sums, int call, const std::function<Name(int64_t)>& name) const {
  const double* data = sums.const_data_ptr<double>();
  for (int64_t b = 0; b < sums.size(0); ++b) {
    if (std::isfinite(data[b * sums.size(1) + kSelfAbs])) continue;
    Fail("sample {}: the latent after call {} (timestep {}) is not finite (NaN or infinity) with {}",
         c_.samples[name(b).sample].id, call, c_.scheduler.timestep(call), c_.lanes[name(b).lane].method->Label());
  }
}

void SchedulerCall::CheckPending() const {
  if (pending_.empty()) return;
  std::vector<at::Tensor> all;
  for (const auto& pending : pending_) all.push_back(pending.sums);
  const at::Tensor sums = at::cat(all).cpu();  // of all calls at once
  int64_t first = 0;
  for (const auto& pending : pending_) {
    CheckFinite(sums.narrow(0, first, pending.sums.size(0)), pending.call,
                [&](int64_t b) { return pending.trajectories[b]; });
    first += pending.sums.size(0);
  }
}

CallTrace SchedulerCall::TraceOf(const RowRef& sums) const {
  const double* row = sums.block.const_data_ptr<double>() + sums.row * sums.block.size(1);
  const Columns columns = ColumnsOf();
  CallTrace trace;
  trace.latent = Total({&row, 1}, 0, 3);
  trace.prediction = Total({&row, 1}, columns.prediction, 3);
  trace.error_square = c_.options.reference >= 0 ? row[columns.errors] : kNaN;
  trace.reference_square = c_.options.reference >= 0 ? row[columns.errors + 1] : kNaN;
  return trace;
}

}  // namespace skipbench::tree
