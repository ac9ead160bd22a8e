#include "harness/sampling/trajectory_tree.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/runtime/timer.h"
#include "harness/sampling/active_batch.h"
#include "harness/sampling/scheduler_call.h"

namespace skipbench {
namespace {

using tree::ActiveBatch;
using tree::Lane;
using tree::Trajectory;
using tree::Unit;

// Schedules batches: as many samples at once as the states allow, and depth-first where one of them does not fit.
class Tree {
 public:
  Tree(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
       const std::vector<const Method*>& settings, at::IntArrayRef shape, at::ScalarType dtype, at::Device device,
       const TreeOptions& options)
      : scheduler_(scheduler),
        samples_(samples),
        settings_(settings),
        shape_(shape.vec()),
        dtype_(dtype),
        device_(device),
        options_(options),
        run_(ShapeOf(scheduler, denoiser.abilities(), denoiser.guidance_rows(), options.model, dtype)),
        context_{scheduler, denoiser, samples,
                 options,   run_,     needs_,
                 lanes_,    result_,  Stepping(scheduler, denoiser, samples, options.batch_invariant)},
        step_(context_) {
    for (const Method* method : settings) needs_.Merge(method->Observes());
    if (options.keep_differences) needs_.Merge({.latent_order = 3, .prediction_order = 3});
  }

  TreeResult Run() {
    result_.records.assign(settings_.size(), std::vector<TrajectoryRecord>(samples_.size()));
    const TreeNeeds needs = NeedsOfTree(settings_, options_);
    if (options_.max_states > 0 && options_.max_states < needs.at_least)
      Fail("{} trajectory states at a time are too few: {} settings need {} at least", options_.max_states,
           settings_.size(), needs.at_least);
    const int64_t n = static_cast<int64_t>(samples_.size());
    int64_t at_once = n;
    if (options_.max_states > 0)
      at_once = std::max<int64_t>(1, options_.max_states / needs.side_by_side) * needs.unit_samples;
    for (int64_t first = 0; first < n; first += at_once)
      Advance(Plant(static_cast<int>(first), static_cast<int>(std::min(first + at_once, n))));
    step_.CheckPending();
    return std::move(result_);
  }

 private:
  // The roots of some samples: one trajectory each with all its lanes, and the scaled initial noise.
  ActiveBatch Plant(int first, int end) {
    ActiveBatch batch;
    std::vector<at::Tensor> noise;
    for (int s = first; s < end; ++s) {
      Trajectory root;
      root.sample = s;
      root.row = s - first;
      batch.trajectories.push_back(std::move(root));
      noise.push_back(samples_[s].noise->Draw(0));
      if (noise.back().sizes() != shape_)
        Fail("sample {}: the noise has the shape {}, the latents {}", samples_[s].id, c10::str(noise.back().sizes()),
             c10::str(at::IntArrayRef(shape_)));
    }
    // Scaled in float32, then cast: what diffusers' float32 pipelines do, and never worse.
    batch.state.latent =
        (at::stack(noise).to(device_, /*non_blocking=*/true) * scheduler_.init_noise_sigma()).to(dtype_);
    for (size_t k = 0; k < settings_.size(); ++k) PlantSetting(static_cast<int>(k), first, end, &batch);
    if (options_.keep_latents)
      for (auto& trajectory : batch.trajectories) trajectory.latents.push_back({batch.state.latent, trajectory.row});
    return batch;
  }

  void PlantSetting(int setting, int first, int end, ActiveBatch* batch) {
    const Method& method = *settings_[setting];
    const int size = method.DecisionScope() == Scope::kGroup ? static_cast<int>(options_.group_size) : 1;
    for (int begin = first; begin < end; begin += size) {
      Lane lane;
      lane.method = &method;
      lane.setting = setting;
      lane.first_sample = begin;
      lane.halves = method.Halves(run_);
      const bool apart = lane.halves == GuidanceScope::kSeparate && run_.guidance_rows > 1;
      for (int p = 0; p < (apart ? run_.guidance_rows : 1); ++p) {
        RunShape own = run_;
        if (apart) own.guidance_row = p;
        lane.policies.push_back(method.StartFor(own, samples_[begin].id));
      }
      lane.keeps = method.Keeps(run_);
      const int index = static_cast<int>(lanes_.size());
      for (int s = begin; s < std::min(begin + size, end); ++s) {
        lane.trajectory.push_back(s - first);
        batch->trajectories[s - first].lanes.push_back(index);
      }
      batch->lanes.push_back(index);
      lanes_.push_back(std::move(lane));
    }
  }

  // A batch to the end of its trajectories.
  void Advance(ActiveBatch batch) {
    while (batch.call < run_.calls) {
      const TraceRange range("call", batch.call);
      if (!batch.decided) step_.Decide(&batch);
      if (!MayGoOn(batch)) return AdvanceInParts(std::move(batch));
      step_.Run(&batch);
      result_.peak_states = std::max(result_.peak_states, waiting_ + static_cast<int64_t>(batch.trajectories.size()));
      Report(batch);
    }
    step_.Finish(&batch);
    Harvest(&batch);
  }

  // Whether all trajectories may take the next step together: they fit, and if they part further there is still room to
  // let them wait and to finish one unit after the other. A single unit cannot be cut; that it fits was made sure
  // before.
  bool MayGoOn(const ActiveBatch& batch) const {
    if (options_.max_states == 0) return true;
    const int64_t room = options_.max_states - waiting_;
    int64_t weight = 0, need = 0;
    const auto units = tree::UnitsOf(batch, lanes_);
    for (const Unit& unit : units) {
      weight += unit.weight;
      need = std::max(need, unit.need());
    }
    return units.size() == 1 || weight <= room || static_cast<int64_t>(batch.trajectories.size()) + need <= room;
  }

  // Lightest units first: as many as certainly fit to their end, while the others wait.
  void AdvanceInParts(ActiveBatch rest) {
    while (!rest.trajectories.empty()) {
      const auto units = tree::UnitsOf(rest, lanes_);
      std::vector<int> chosen;
      int64_t weight = 0;
      for (const Unit& unit : units) {
        std::vector<int> more = chosen;
        more.insert(more.end(), unit.trajectories.begin(), unit.trajectories.end());
        if (!chosen.empty() && waiting_ + RowsWithout(rest, more) + weight + unit.weight > options_.max_states) break;
        chosen = std::move(more);
        weight += unit.weight;
      }
      ActiveBatch part = tree::Take(&rest, chosen, &lanes_);
      tree::Compact(&part);
      tree::Compact(&rest);
      // What has begun is begun again when it is their turn: it would be held until then.
      for (auto& trajectory : rest.trajectories) trajectory.begun.clear();
      const int64_t rows = rest.rows();
      waiting_ += rows;
      Advance(std::move(part));
      waiting_ -= rows;
    }
  }

  // Rows of state that the trajectories which are not `taken` stand on.
  static int64_t RowsWithout(const ActiveBatch& batch, const std::vector<int>& taken) {
    std::vector<bool> gone(batch.trajectories.size(), false);
    for (int b : taken) gone[b] = true;
    std::set<int64_t> rows;
    for (size_t b = 0; b < gone.size(); ++b)
      if (!gone[b]) rows.insert(batch.trajectories[b].row);
    return static_cast<int64_t>(rows.size());
  }

  void Report(const ActiveBatch& batch) {
    for (const auto& trajectory : batch.trajectories) steps_done_ += static_cast<int64_t>(trajectory.lanes.size());
    const auto all = static_cast<double>(settings_.size() * samples_.size()) * run_.calls;
    if (options_.progress) options_.progress(static_cast<double>(steps_done_) / all);
  }

  void Harvest(ActiveBatch* batch) {
    for (int w : batch->lanes) {
      Lane& lane = lanes_[w];
      const Trace trace = lane.policies.back()->TakeTrace();
      const MacCount macs = step_.MacsOf(lane);
      for (int b : lane.trajectory) {
        const Trajectory& trajectory = batch->trajectories[b];
        TrajectoryRecord& record = result_.records[lane.setting][trajectory.sample];
        for (const auto& decision : lane.decisions) {
          record.decisions.push_back(decision[run_.guidance_rows - 1]);
          if (lane.decides_apart()) record.unconditional.push_back(decision[0]);
        }
        record.macs = macs;
        record.trace = trace;
        record.final_latent = batch->state.latent.select(0, trajectory.row);
        for (const auto& ref : trajectory.latents) record.latents.push_back(ref.Select(0));
        for (const auto& ref : trajectory.predictions) record.predictions.push_back(ref.Select(1));
        for (const auto& ref : trajectory.sums) record.calls.push_back(step_.TraceOf(ref));
      }
      lane.policies.clear();
    }
  }

  const Scheduler& scheduler_;
  const std::vector<TreeSample>& samples_;
  const std::vector<const Method*>& settings_;
  const std::vector<int64_t> shape_;
  const at::ScalarType dtype_;
  const at::Device device_;
  const TreeOptions& options_;
  const RunShape run_;
  Needs needs_;
  std::vector<Lane> lanes_;
  TreeResult result_;
  const tree::CallContext context_;
  tree::SchedulerCall step_;
  int64_t waiting_ = 0;     // rows of state of the batches that wait
  int64_t steps_done_ = 0;  // calls of (lane, sample) pairs
};

}  // namespace

TreeNeeds NeedsOfTree(const std::vector<const Method*>& settings, const TreeOptions& options) {
  TreeNeeds needs;
  const auto by_group = [](const Method* m) { return m->DecisionScope() == Scope::kGroup; };
  needs.unit_samples = std::ranges::any_of(settings, by_group) ? options.group_size : 1;
  needs.side_by_side = needs.unit_samples * static_cast<int64_t>(settings.size());
  // The reference has to be at hand call by call, so its sample's trajectories cannot wait for each other.
  const bool together = options.keep_differences && options.reference >= 0;
  needs.at_least = together ? needs.side_by_side : tree::StatesAtLeast(needs.unit_samples, needs.side_by_side);
  return needs;
}

TreeResult RunTree(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                   const std::vector<const Method*>& settings, at::IntArrayRef latent_shape, at::ScalarType dtype,
                   at::Device device, const TreeOptions& options) {
  if (samples.empty() || settings.empty()) return {};
  return Tree(scheduler, denoiser, samples, settings, latent_shape, dtype, device, options).Run();
}

RunShape ShapeOf(const Scheduler& scheduler, const NetworkAbilities& network, int guidance_rows,
                 const std::string& model, at::ScalarType dtype) {
  RunShape shape;
  shape.steps = scheduler.steps();
  shape.calls = scheduler.calls();
  for (int call = 0; call < shape.calls; ++call) shape.timesteps.push_back(scheduler.timestep(call));
  for (int call = 0; call <= shape.calls; ++call)
    if (const auto level = scheduler.noise_level(call)) {
      shape.alphas.push_back(level->alpha);
      shape.sigmas.push_back(level->sigma);
      shape.scales.push_back(level->scale);
    }
  shape.prediction_type = scheduler.prediction_type();
  shape.network = network;
  shape.guidance_rows = guidance_rows;
  shape.model = model;
  shape.dtype = dtype;
  return shape;
}

std::string ToString(const CacheSite& site) {
  switch (site.level) {
    case CacheSite::Level::kOutput: return "output";
    case CacheSite::Level::kCut:
      return site.back == 0 ? fmt::format("{}", site.front) : fmt::format("{},{}", site.front, site.back);
    case CacheSite::Level::kHidden: return "last_block";
    case CacheSite::Level::kCalls: return "calls";
    case CacheSite::Level::kModules: break;
  }
  std::vector<std::string> modules;
  if (site.modules & kAttentionModule) modules.push_back("attention");
  if (site.modules & kCrossAttentionModule) modules.push_back("cross_attention");
  if (site.modules & kFeedForwardModule) modules.push_back("feed_forward");
  return fmt::format("{}", fmt::join(modules, "+"));
}

std::string ToString(const Decision& decision) {
  switch (decision.action) {
    case Action::kReuse: return "reuse";
    case Action::kPredict: return "predict";
    case Action::kShallow: return "shallow(" + ToString(decision.site) + ")";
    case Action::kCombine: return "combine";
  }
  return "?";
}

}  // namespace skipbench
