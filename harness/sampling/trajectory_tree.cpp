#include "harness/sampling/trajectory_tree.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/error.h"
#include "harness/runtime/timer.h"
#include "harness/sampling/difference_sums.h"
#include "harness/sampling/rows.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Columns of a row of sums: the latent's differences, then (by what is needed) the prediction's, then the errors.
constexpr int kPredictionColumns = kDifferenceColumns;
constexpr int kErrorColumns = 2 * kDifferenceColumns;

// A setting on one sample, or on one group of consecutive samples.
struct Walker {
  const Method* method = nullptr;
  int setting = 0;
  int first_sample = 0;
  std::vector<int> branch;              // of each of its samples: where its trajectory stands now
  std::unique_ptr<Policy> policy;
  std::vector<int> cached_branches;     // DeepCache positions it may ask for
  std::vector<Decision> decisions;
};

// One trajectory: everything that distinguishes it from its siblings. The tensors stand in blocks shared with others.
struct Branch {
  int sample = 0;
  std::vector<int> walkers;
  int64_t row = 0;                      // in State
  RowRef raw;                           // last raw output, [halves, m, C, ...], rows in dimension 1
  std::map<int, RowRef> features;       // DeepCache position -> cached features, rows in dimension 1
  std::vector<RowRef> latents;          // keep_latents; rows in dimension 0
  std::vector<RowRef> predictions;      // keep_predictions; rows in dimension 1
  std::vector<RowRef> sums;             // keep_differences; [branches, columns] on the host
};

// What all branches have between calls, batched [m, C, ...]. Several branches may stand on one row after a split.
struct State {
  at::Tensor latent;
  SchedulerState scheduler;
  std::vector<at::Tensor> past_latents;       // x_{i}, x_{i-1}, ...: newest first, without the initial noise
  std::vector<at::Tensor> past_predictions;
};

// Rows of every tensor, in the order given; nothing is copied when that is all rows in order.
void Select(State* state, const std::vector<int64_t>& rows) {
  const int64_t m = state->latent.size(0);
  bool same = m == static_cast<int64_t>(rows.size());
  for (size_t i = 0; i < rows.size() && same; ++i) same = rows[i] == static_cast<int64_t>(i);
  if (same) return;
  at::Tensor index = at::tensor(rows, at::kLong).to(state->latent.device(), /*non_blocking=*/true);
  auto select = [&](at::Tensor* t) { *t = t->index_select(0, index); };
  select(&state->latent);
  for (auto& t : state->scheduler.history) select(&t);
  for (auto& t : state->past_latents) select(&t);
  for (auto& t : state->past_predictions) select(&t);
}

void PushFront(std::vector<at::Tensor>* past, const at::Tensor& newest, int order) {
  if (order == 0) return;
  past->insert(past->begin(), newest);
  if (static_cast<int>(past->size()) > order + 1) past->pop_back();
}

class Tree {
 public:
  Tree(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
       const std::vector<const Method*>& settings, at::IntArrayRef shape, at::ScalarType dtype, at::Device device,
       const TreeOptions& options)
      : scheduler_(scheduler), denoiser_(denoiser), samples_(samples), settings_(settings), shape_(shape.vec()),
        dtype_(dtype), device_(device), options_(options), run_(ShapeOf(scheduler, denoiser.branches())) {
    Plant();
  }

  TreeResult Run() {
    for (int call = 0; call < run_.calls; ++call) {
      const TraceRange range("call", call);
      Decide(call);
      Predict(call);
      Step(call);
      Observe(call);
      if (options_.progress) options_.progress(call);
    }
    CheckPending();
    return Harvest();
  }

 private:
  // The roots: one branch a sample with all its walkers, and the scaled initial noise.
  void Plant() {
    const int n = static_cast<int>(samples_.size());
    branches_.resize(n);
    std::vector<at::Tensor> noise;
    for (int s = 0; s < n; ++s) {
      branches_[s].sample = s;
      branches_[s].row = s;
      noise.push_back(samples_[s].noise->Draw(0));
    }
    // Scaled in float32, then cast: what diffusers' float32 pipelines do, and never worse.
    state_.latent = (at::stack(noise).to(device_) * scheduler_.init_noise_sigma()).to(dtype_);
    if (options_.keep_differences) needs_.Merge({.latent_order = 3, .prediction_order = 3});
    for (size_t k = 0; k < settings_.size(); ++k) {
      const Method& method = *settings_[k];
      needs_.Merge(method.Observes());
      const int size = method.DecisionScope() == Scope::kGroup ? static_cast<int>(options_.group_size) : 1;
      for (int first = 0; first < n; first += size) {
        Walker walker;
        walker.method = &method;
        walker.setting = static_cast<int>(k);
        walker.first_sample = first;
        walker.policy = method.StartFor(run_, samples_[first].id);
        walker.cached_branches = method.CachedBranches(run_);
        for (int s = first; s < std::min(first + size, n); ++s) {
          walker.branch.push_back(s);
          branches_[s].walkers.push_back(static_cast<int>(walkers_.size()));
        }
        walkers_.push_back(std::move(walker));
      }
    }
    if (options_.keep_latents)
      for (auto& branch : branches_) branch.latents.push_back({state_.latent, branch.row});
  }

  // 1: every walker decides; branches split where decisions part.
  void Decide(int call) {
    for (auto& walker : walkers_) {
      const Decision decision = walker.policy->Decide(call);
      if (call == 0 && decision.action != Action::kPredict)
        Fail("{}: the first call of a trajectory must predict, the method decided {}", walker.method->Label(),
             ToString(decision));
      walker.decisions.push_back(decision);
    }
    const size_t before = branches_.size();
    for (size_t b = 0; b < before; ++b) Split(b, call);
  }

  void Split(size_t b, int call) {
    std::vector<std::pair<Decision, std::vector<int>>> parts;
    for (int w : branches_[b].walkers) {
      const Decision& decision = walkers_[w].decisions[call];
      auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.first == decision; });
      if (part == parts.end()) part = parts.insert(parts.end(), {decision, {}});
      part->second.push_back(w);
    }
    for (size_t p = 1; p < parts.size(); ++p) {
      Branch twin = branches_[b];      // handles, not tensors
      twin.walkers = std::move(parts[p].second);
      for (int w : twin.walkers)
        walkers_[w].branch[twin.sample - walkers_[w].first_sample] = static_cast<int>(branches_.size());
      DropUnusedFeatures(&twin);
      branches_.push_back(std::move(twin));
    }
    if (parts.size() > 1) {
      branches_[b].walkers = std::move(parts[0].second);
      DropUnusedFeatures(&branches_[b]);
    }
  }

  std::vector<int> CachedBranches(const Branch& branch) const {
    std::vector<int> wanted;
    for (int w : branch.walkers)
      wanted.insert(wanted.end(), walkers_[w].cached_branches.begin(), walkers_[w].cached_branches.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return wanted;
  }

  void DropUnusedFeatures(Branch* branch) const {
    if (branch->features.empty()) return;
    const auto wanted = CachedBranches(*branch);
    std::erase_if(branch->features, [&](const auto& f) { return !std::binary_search(wanted.begin(), wanted.end(), f.first); });
  }

  const Decision& DecisionOf(const Branch& branch, int call) const { return walkers_[branch.walkers[0]].decisions[call]; }

  // 2: network calls, in chunks.
  void Predict(int call) {
    std::vector<int> full;
    std::map<int, std::vector<int>> shallow;
    for (size_t b = 0; b < branches_.size(); ++b) {
      const Decision& decision = DecisionOf(branches_[b], call);
      if (decision.action == Action::kPredict) full.push_back(static_cast<int>(b));
      if (decision.action == Action::kShallow) shallow[decision.branch].push_back(static_cast<int>(b));
    }
    InChunks(full, [&](std::span<const int> chunk) { PredictFull(chunk, call); });
    for (const auto& [position, list] : shallow)
      InChunks(list, [&, position = position](std::span<const int> chunk) { PredictShallow(chunk, position, call); });
    if (options_.keep_predictions)
      for (auto& branch : branches_) branch.predictions.push_back(branch.raw);
  }

  template <typename F>
  void InChunks(const std::vector<int>& list, F&& f) const {
    const size_t size = options_.batch_invariant ? 1 : static_cast<size_t>(options_.batch_size);
    for (size_t begin = 0; begin < list.size(); begin += size)
      f(std::span<const int>(list).subspan(begin, std::min(size, list.size() - begin)));
  }

  DenoiserInput InputFor(std::span<const int> chunk, int call) {
    std::vector<RowRef> rows;
    conditioning_.clear();
    for (int b : chunk) {
      rows.push_back({state_.latent, branches_[b].row});
      conditioning_.push_back(branches_[b].sample);
    }
    DenoiserInput input;
    input.sample = scheduler_.ScaleModelInput(GatherRows(rows, 0), call);
    input.timestep = scheduler_.timestep(call);
    input.conditioning = conditioning_;
    return input;
  }

  void PredictFull(std::span<const int> chunk, int call) {
    DenoiserInput input = InputFor(chunk, call);
    for (int b : chunk)
      for (int position : CachedBranches(branches_[b])) input.keep.push_back(position);
    std::sort(input.keep.begin(), input.keep.end());
    input.keep.erase(std::unique(input.keep.begin(), input.keep.end()), input.keep.end());
    const DenoiserOutput output = denoiser_.Predict(input);
    for (size_t k = 0; k < chunk.size(); ++k) {
      Branch& branch = branches_[chunk[k]];
      branch.raw = {output.raw, static_cast<int64_t>(k)};
      branch.features.clear();
      for (int position : CachedBranches(branch)) branch.features[position] = {output.features.at(position), static_cast<int64_t>(k)};
    }
    result_.full_evaluations += static_cast<int64_t>(chunk.size());
    Spend(Action::kPredict, 0, chunk.size());
  }

  void PredictShallow(std::span<const int> chunk, int position, int call) {
    DenoiserInput input = InputFor(chunk, call);
    input.shallow = true;
    input.branch = position;
    std::vector<RowRef> features;
    for (int b : chunk) {
      auto found = branches_[b].features.find(position);
      if (found == branches_[b].features.end())
        Fail("{}: asks for a shallow forward at branch {} in call {} without having declared that branch",
             walkers_[branches_[b].walkers[0]].method->Label(), position, call);
      features.push_back(found->second);
    }
    input.features = GatherRows(features, 1);
    const DenoiserOutput output = denoiser_.Predict(input);
    for (size_t k = 0; k < chunk.size(); ++k) branches_[chunk[k]].raw = {output.raw, static_cast<int64_t>(k)};
    result_.shallow_evaluations += static_cast<int64_t>(chunk.size());
    Spend(Action::kShallow, position, chunk.size());
  }

  void Spend(Action action, int position, size_t count) {
    const MacCount one = denoiser_.Macs(action, position);
    result_.macs.modules += one.modules * static_cast<double>(count);
    result_.macs.matmuls += one.matmuls * static_cast<double>(count);
  }

  // 3: guidance and one scheduler step for all branches.
  void Step(int call) {
    const int64_t n = static_cast<int64_t>(branches_.size());
    std::vector<int64_t> rows;
    std::vector<RowRef> raw;
    for (const auto& branch : branches_) {
      rows.push_back(branch.row);
      raw.push_back(branch.raw);
    }
    Select(&state_, rows);
    for (int64_t b = 0; b < n; ++b) branches_[b].row = b;
    const at::Tensor noise = StepNoise(call);
    at::Tensor guided;
    if (!options_.batch_invariant || n == 1) {
      guided = denoiser_.Guide(GatherRows(raw, 1));
      StepResult stepped = scheduler_.Step(state_.latent, guided, call, state_.scheduler, noise);
      state_.latent = std::move(stepped.sample);
      state_.scheduler = std::move(stepped.state);
    } else {
      guided = StepRowByRow(raw, call, noise);
    }
    PushFront(&state_.past_latents, state_.latent, needs_.latent_order);
    PushFront(&state_.past_predictions, guided, needs_.prediction_order);
    if (options_.keep_latents)
      for (auto& branch : branches_) branch.latents.push_back({state_.latent, branch.row});
  }

  // Vectorised kernels may round an element differently by its place in the tensor, so batch_invariant steps alone.
  at::Tensor StepRowByRow(const std::vector<RowRef>& raw, int call, const at::Tensor& noise) {
    std::vector<at::Tensor> guided, samples;
    std::vector<std::vector<at::Tensor>> histories;
    for (size_t b = 0; b < raw.size(); ++b) {
      auto row = [&](const at::Tensor& t) { return t.narrow(0, static_cast<int64_t>(b), 1); };
      SchedulerState before;
      for (const auto& t : state_.scheduler.history) before.history.push_back(row(t));
      guided.push_back(denoiser_.Guide(raw[b].block.narrow(1, raw[b].row, 1)));
      StepResult stepped = scheduler_.Step(row(state_.latent), guided.back(), call, before, noise.defined() ? row(noise) : noise);
      samples.push_back(stepped.sample);
      histories.resize(stepped.state.history.size());
      for (size_t h = 0; h < histories.size(); ++h) histories[h].push_back(stepped.state.history[h]);
    }
    state_.latent = at::cat(samples);
    state_.scheduler.history.clear();
    for (const auto& h : histories) state_.scheduler.history.push_back(at::cat(h));
    return at::cat(guided);
  }

  at::Tensor StepNoise(int call) const {
    if (!scheduler_.UsesNoise(call)) return {};
    std::vector<at::Tensor> draws;
    for (const auto& branch : branches_) draws.push_back(samples_[branch.sample].noise->Draw(call + 1));
    return at::stack(draws).to(device_, /*non_blocking=*/true);
  }

  // 4: one pass of sums, one copy to the host, and every walker looks.
  void Observe(int call) {
    const std::vector<at::Tensor> latents = needs_.latent_order ? state_.past_latents : std::vector<at::Tensor>{state_.latent};
    at::Tensor sums = ComputeDifferenceSums(latents, needs_.latent_order);
    if (needs_.prediction_order)
      sums = at::cat({sums, ComputeDifferenceSums(state_.past_predictions, needs_.prediction_order)}, 1);
    if (options_.keep_differences && options_.reference >= 0) sums = at::cat({sums, ErrorSums()}, 1);
    const bool anyone_looks = needs_.latent_order || needs_.prediction_order;
    if (!anyone_looks && device_.is_cuda()) {
      pending_.push_back(sums);      // checked at the end: a run that nobody watches never waits for the device
    } else {
      sums = sums.cpu();
      CheckFinite(sums, call);
    }
    if (options_.keep_differences)
      for (auto& branch : branches_) branch.sums.push_back({sums, branch.row});
    for (auto& walker : walkers_) Show(&walker, call, sums);
  }

  // Of every branch, float64 [branches, 2]: squared distance to the reference's latent of the same sample, and that one's square.
  at::Tensor ErrorSums() const {
    std::vector<int64_t> reference_of(samples_.size());
    for (const auto& walker : walkers_)
      if (walker.setting == options_.reference)
        for (size_t k = 0; k < walker.branch.size(); ++k) reference_of[walker.first_sample + k] = walker.branch[k];
    std::vector<int64_t> rows;
    for (const auto& branch : branches_) rows.push_back(reference_of[branch.sample]);
    const at::Tensor latents = state_.latent.flatten(1).to(at::kDouble);
    const at::Tensor reference = latents.index_select(0, at::tensor(rows, at::kLong).to(latents.device(), /*non_blocking=*/true));
    return at::stack({(latents - reference).square().sum(1), reference.square().sum(1)}, 1);
  }

  void Show(Walker* walker, int call, const at::Tensor& sums) {
    Observation seen;
    std::vector<at::Tensor> latents;
    for (int b : walker->branch) {
      seen.elements += elements_;
      if (needs_.tensors) latents.push_back(state_.latent.select(0, b));
      if (!sums.is_cpu()) continue;
      const double* row = sums.const_data_ptr<double>() + b * sums.size(1);
      Add(row, &seen.latent);
      if (needs_.prediction_order) Add(row + kPredictionColumns, &seen.prediction);
    }
    seen.latents = latents;
    walker->policy->Observe(call, seen);
  }

  static void Add(const double* row, DifferenceSums* sums) {
    for (int order = 0; order < 3; ++order) {
      sums->abs[order] += row[2 * order];
      sums->square[order] += row[2 * order + 1];
    }
    sums->self_abs += row[kSelfAbs];
    sums->self_square += row[kSelfSquare];
  }

  void CheckFinite(const at::Tensor& sums, int call) const {
    const double* data = sums.const_data_ptr<double>();
    for (int64_t b = 0; b < sums.size(0); ++b) {
      if (std::isfinite(data[b * sums.size(1) + kSelfAbs])) continue;
      const Branch& branch = branches_[b];
      Fail("sample {}: the latent after call {} (timestep {}) is not finite (NaN or infinity) with {}",
           samples_[branch.sample].id, call, scheduler_.timestep(call), walkers_[branch.walkers[0]].method->Label());
    }
  }

  void CheckPending() const {
    for (size_t call = 0; call < pending_.size(); ++call) CheckFinite(pending_[call].cpu(), static_cast<int>(call));
  }

  CallTrace TraceOf(const RowRef& sums) const {
    const double* row = sums.block.const_data_ptr<double>() + sums.row * sums.block.size(1);
    CallTrace trace;
    Add(row, &trace.latent);
    Add(row + kPredictionColumns, &trace.prediction);
    trace.error_square = options_.reference >= 0 ? row[kErrorColumns] : kNaN;
    trace.reference_square = options_.reference >= 0 ? row[kErrorColumns + 1] : kNaN;
    return trace;
  }

  TreeResult Harvest() {
    result_.records.assign(settings_.size(), std::vector<TrajectoryRecord>(samples_.size()));
    for (auto& walker : walkers_) {
      const Trace trace = walker.policy->TakeTrace();
      for (int b : walker.branch) {
        const Branch& branch = branches_[b];
        TrajectoryRecord& record = result_.records[walker.setting][branch.sample];
        record.decisions = walker.decisions;
        record.trace = trace;
        record.final_latent = state_.latent.select(0, branch.row);
        for (const auto& ref : branch.latents) record.latents.push_back(ref.Select(0));
        for (const auto& ref : branch.predictions) record.predictions.push_back(ref.Select(1));
        for (const auto& ref : branch.sums) record.calls.push_back(TraceOf(ref));
      }
    }
    return std::move(result_);
  }

  const Scheduler& scheduler_;
  Denoiser& denoiser_;
  const std::vector<TreeSample>& samples_;
  const std::vector<const Method*>& settings_;
  const std::vector<int64_t> shape_;
  const int64_t elements_ = c10::multiply_integers(shape_);      // of one latent
  const at::ScalarType dtype_;
  const at::Device device_;
  const TreeOptions& options_;
  const RunShape run_;
  Needs needs_;
  std::vector<Walker> walkers_;
  std::vector<Branch> branches_;
  State state_;
  std::vector<int64_t> conditioning_;
  std::vector<at::Tensor> pending_;
  TreeResult result_;
};

}  // namespace

TreeResult RunTree(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                   const std::vector<const Method*>& settings, at::IntArrayRef latent_shape, at::ScalarType dtype,
                   at::Device device, const TreeOptions& options) {
  if (samples.empty() || settings.empty()) return {};
  return Tree(scheduler, denoiser, samples, settings, latent_shape, dtype, device, options).Run();
}

RunShape ShapeOf(const Scheduler& scheduler, int branches) {
  RunShape shape;
  shape.steps = scheduler.steps();
  shape.calls = scheduler.calls();
  for (int call = 0; call < shape.calls; ++call) shape.timesteps.push_back(scheduler.timestep(call));
  shape.branches = branches;
  return shape;
}

std::string ToString(const Decision& decision) {
  switch (decision.action) {
    case Action::kReuse: return "reuse";
    case Action::kPredict: return "predict";
    case Action::kShallow: return fmt::format("shallow({})", decision.branch);
  }
  return "?";
}

}  // namespace skipbench
