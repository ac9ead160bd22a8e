#include "harness/sampling/path_evaluator.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/even_batches.h"

namespace skipbench {
namespace {

constexpr size_t kStepRows = 256;  // trajectories of one scheduler step: bounds what a block keeps alive

std::string Prefix(const Mask& mask, int length) { return std::string(mask.begin(), mask.begin() + length); }

int CommonPrefix(const PathQuery& a, const PathQuery& b) {
  if (a.sample != b.sample) return 0;
  return static_cast<int>(std::mismatch(a.mask.begin(), a.mask.end(), b.mask.begin()).first - a.mask.begin());
}

using Clock = std::chrono::steady_clock;
double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// L2, of float64 tensors on the CPU; in one order whatever the batch. Infinite when an element is not finite.
double Distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.contiguous(), y = b.contiguous();
  const double *p = x.const_data_ptr<double>(), *q = y.const_data_ptr<double>();
  double sum = 0;
  for (int64_t i = 0; i < x.numel(); ++i) sum += (p[i] - q[i]) * (p[i] - q[i]);
  return std::isfinite(sum) ? std::sqrt(sum) : std::numeric_limits<double>::infinity();
}

// The rows as a block of their own, which keeps nothing else alive.
at::Tensor Compact(const std::vector<RowRef>& rows, int64_t dim) {
  const at::Tensor gathered = GatherRows(rows, dim);
  return gathered.is_alias_of(rows[0].block) ? gathered.clone() : gathered;
}

}  // namespace

PathEvaluator::PathEvaluator(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                             at::ScalarType dtype, at::Device device, PathEvaluatorOptions options)
    : scheduler_(scheduler),
      denoiser_(denoiser),
      samples_(samples),
      stepping_(scheduler, denoiser, samples, options.batch_invariant),
      dtype_(dtype),
      device_(device),
      options_(std::move(options)),
      states_(samples.size()) {}

void PathEvaluator::RequireValid(const PathQuery& query) const {
  if (query.sample < 0 || query.sample >= samples())
    Fail("a path of sample number {} was asked for; there are {}", query.sample, samples());
  if (static_cast<int>(query.mask.size()) != calls())
    Fail("sample {}: the mask {} has {} entries, the run makes {} scheduler calls", samples_[query.sample].id,
         ToString(query.mask), query.mask.size(), calls());
  for (const uint8_t entry : query.mask)
    if (entry > 1)
      Fail("sample {}: entries of a mask are 1 (predict) or 0 (reuse), found {}", samples_[query.sample].id, entry);
  if (!query.mask[0])
    Fail("sample {}: the mask {} skips call 0, which must predict: there is no output to use again",
         samples_[query.sample].id, ToString(query.mask));
}

std::vector<double> PathEvaluator::Errors(std::span<const PathQuery> queries) {
  c10::InferenceMode inference;
  for (const auto& query : queries) RequireValid(query);
  RunFullPaths();
  std::vector<size_t> order;
  for (size_t i = 0; i < queries.size(); ++i)
    if (CountSkips(queries[i].mask) > 0) order.push_back(i);  // the full path's error is 0, without a question
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return queries[a] < queries[b]; });

  std::vector<double> errors(queries.size());
  const int64_t limit = std::max<int64_t>(2, options_.memory_bytes / StateBytes());
  for (size_t begin = 0; begin < order.size();) {
    const auto start = Clock::now();
    std::vector<Traveller> rest = Resume(queries, std::span(order).subspan(begin));
    const size_t size = TakePortion(rest, limit / 2);
    // What the last call left and no question of this one passes through is forgotten; when room is short, all that no
    // open question starts from.
    const bool scarce = HeldStates() > limit / 2;
    if (begin == 0 || scarce) KeepOnly(rest, /*starts_only=*/scarce);
    Walk(std::span(rest).first(size), &errors);
    std::vector<PathQuery> some;
    std::vector<double> known;
    for (size_t i = begin; i < begin + size; ++i) {
      some.push_back(queries[order[i]]);
      known.push_back(errors[order[i]]);
      cost_.naive_evaluations += calls() - CountSkips(some.back().mask);
    }
    cost_.paths += static_cast<int64_t>(size);
    cost_.seconds += SecondsSince(start);
    if (options_.answered) options_.answered(some, known);
    begin += size;
  }
  return errors;
}

std::vector<double> PathEvaluator::FullNorms() {
  c10::InferenceMode inference;
  RunFullPaths();
  std::vector<double> norms;
  for (const auto& latent : full_) norms.push_back(Distance(latent, at::zeros_like(latent)));
  return norms;
}

// The full path of every sample: what errors are measured from, and where the first candidates depart.
void PathEvaluator::RunFullPaths() {
  if (!full_.empty()) return;
  const auto start = Clock::now();
  std::vector<at::Tensor> noise;
  for (const auto& sample : samples_) noise.push_back(sample.noise->Draw(0));
  root_ = std::make_shared<Block>(
      Block{(at::stack(noise).to(device_, /*non_blocking=*/true) * scheduler_.init_noise_sigma()).to(dtype_), {}});
  std::vector<PathQuery> queries;
  for (int s = 0; s < samples(); ++s) queries.push_back({s, Mask(calls(), 1)});
  std::vector<size_t> order(queries.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<Traveller> travellers = Resume(queries, order);
  Walk(travellers, nullptr);
  for (int s = 0; s < samples(); ++s) {
    if (!std::isfinite(Distance(full_[s], at::zeros_like(full_[s]))))
      Fail("sample {}: the final latent of the full path is not finite (NaN or infinity)", samples_[s].id);
    cost_.naive_evaluations += calls();
  }
  cost_.seconds += SecondsSince(start);
}

// Each query at the longest beginning of its path that is known.
std::vector<PathEvaluator::Traveller> PathEvaluator::Resume(std::span<const PathQuery> queries,
                                                            std::span<const size_t> order) const {
  std::vector<Traveller> travellers;
  for (const size_t place : order) {
    const PathQuery& query = queries[place];
    Traveller traveller{&query, place, 0, {root_, query.sample, {}}};
    for (int depth = calls() - 1; depth > 0; --depth) {
      const auto found = states_[query.sample].find(Prefix(query.mask, depth));
      if (found == states_[query.sample].end()) continue;
      traveller.depth = depth;
      traveller.state = found->second;
      break;
    }
    travellers.push_back(std::move(traveller));
  }
  return travellers;
}

// How many of the first travellers make at most `limit` new states; at least one.
size_t PathEvaluator::TakePortion(std::span<const Traveller> travellers, int64_t limit) const {
  int64_t states = 0;
  for (size_t i = 0; i < travellers.size(); ++i) {
    const int shared = i == 0 ? 0 : CommonPrefix(*travellers[i - 1].query, *travellers[i].query);
    states += calls() - std::max(shared, travellers[i].depth);
    if (i > 0 && states > limit) return i;
  }
  return travellers.size();
}

void PathEvaluator::KeepOnly(std::span<Traveller> travellers, bool starts_only) {
  std::map<int, std::map<std::pair<int, std::string>, State>> kept;  // depth -> (sample, decisions) -> state
  for (const auto& traveller : travellers) {
    const int sample = traveller.query->sample;
    for (int depth = starts_only ? std::max(traveller.depth, 1) : 1; depth <= traveller.depth; ++depth) {
      std::string prefix = Prefix(traveller.query->mask, depth);
      const auto found = states_[sample].find(prefix);
      if (found != states_[sample].end()) kept[depth].try_emplace({sample, std::move(prefix)}, found->second);
    }
  }
  for (auto& of_sample : states_) of_sample.clear();
  for (auto& [depth, states] : kept) {
    std::vector<RowRef> latents, raws;
    std::vector<std::vector<RowRef>> histories;
    for (const auto& [key, state] : states) {
      latents.push_back({state.block->latent, state.row});
      raws.push_back(state.model_output);
      histories.resize(state.block->history.size());
      for (size_t h = 0; h < histories.size(); ++h) histories[h].push_back({state.block->history[h], state.row});
    }
    auto block = std::make_shared<Block>();
    block->latent = Compact(latents, 0);
    for (const auto& rows : histories) block->history.push_back(Compact(rows, 0));
    const at::Tensor model_output = Compact(raws, 1);
    int64_t row = 0;
    for (auto& [key, state] : states) {
      state = {block, row, {model_output, row}};
      states_[key.first][key.second] = state;
      ++row;
    }
  }
  for (auto& traveller : travellers)
    if (traveller.depth > 0)
      traveller.state = states_[traveller.query->sample].at(Prefix(traveller.query->mask, traveller.depth));
}

// Takes the travellers (in order of sample and mask) to the end, call by call. Without `errors` they are the full
// paths.
void PathEvaluator::Walk(std::span<Traveller> travellers, std::vector<double>* errors) {
  int first = calls();
  std::vector<int> starts;
  for (const auto& traveller : travellers) {
    first = std::min(first, traveller.depth);
    starts.push_back(traveller.depth);
  }
  for (int call = first; call < calls(); ++call) {
    std::vector<Child> children = NextChildren(travellers, call);
    Predict(children, call);
    EvenBatches(std::span(children), kStepRows, [&](std::span<Child> some) {
      Step(some, call);
      Arrive(some, call, errors);
    });
    if (!options_.progress) continue;
    double done = 0;
    for (const int start : starts) done += std::max(0.0, static_cast<double>(call + 1 - start) / (calls() - start));
    options_.progress(done);
  }
}

// What is to be computed for `call`: travellers with the same decisions so far stand beside each other and share a
// child.
std::vector<PathEvaluator::Child> PathEvaluator::NextChildren(std::span<Traveller> travellers, int call) const {
  std::vector<Child> children;
  for (auto& traveller : travellers) {
    if (traveller.depth > call) continue;
    if (children.empty() || CommonPrefix(*children.back().travellers[0]->query, *traveller.query) <= call)
      children.push_back({traveller.query->sample, traveller.query->mask[call] == 1, traveller.state, {}});
    children.back().travellers.push_back(&traveller);
  }
  return children;
}

void PathEvaluator::Predict(std::vector<Child>& children, int call) {
  std::vector<Child*> predicting;
  for (auto& child : children)
    if (child.predict) predicting.push_back(&child);
  EvenBatches(std::span(predicting), options_.batch_invariant ? 1 : static_cast<size_t>(options_.batch_size),
              [&](std::span<Child*> some) {
                std::vector<RowRef> rows;
                std::vector<int64_t> sample_of, conditioning;
                for (const Child* child : some) {
                  rows.push_back({child->state.block->latent, child->state.row});
                  sample_of.push_back(child->sample);
                }
                const DenoiserInput input = stepping_.Input(rows, sample_of, call, &conditioning);
                const DenoiserOutput output = denoiser_.Predict(input);
                for (size_t k = 0; k < some.size(); ++k)
                  some[k]->state.model_output = {output.model_output, static_cast<int64_t>(k)};
                cost_.evaluations += static_cast<int64_t>(some.size());
              });
}

void PathEvaluator::Step(std::span<Child> children, int call) {
  std::vector<RowRef> latents, raws;
  std::vector<std::vector<RowRef>> histories;
  std::vector<int64_t> sample_of;
  for (const auto& child : children) {
    latents.push_back({child.state.block->latent, child.state.row});
    raws.push_back(child.state.model_output);
    sample_of.push_back(child.sample);
    histories.resize(child.state.block->history.size());
    for (size_t h = 0; h < histories.size(); ++h)
      histories[h].push_back({child.state.block->history[h], child.state.row});
  }
  SchedulerState before;
  for (const auto& rows : histories) before.history.push_back(GatherRows(rows, 0));
  Stepping::Stepped stepped = stepping_.Step(GatherRows(latents, 0), before, raws, sample_of, call);
  history_tensors_ = std::max(history_tensors_, stepped.scheduler.history.size());
  const auto block =
      std::make_shared<const Block>(Block{std::move(stepped.latent), std::move(stepped.scheduler.history)});
  for (size_t k = 0; k < children.size(); ++k) {
    children[k].state.block = block;
    children[k].state.row = static_cast<int64_t>(k);
  }
}

// The new states are kept, and handed to the travellers; at the end of the path there is an error instead.
void PathEvaluator::Arrive(std::span<Child> children, int call, std::vector<double>* errors) {
  const bool end = call + 1 == calls();
  const at::Tensor latents = end ? children[0].state.block->latent.cpu().to(at::kDouble) : at::Tensor();
  for (auto& child : children) {
    const PathQuery& query = *child.travellers[0]->query;
    if (end) {
      const at::Tensor latent = latents[child.state.row];
      if (!errors)
        full_.push_back(latent.clone());
      else
        for (const Traveller* traveller : child.travellers)
          (*errors)[traveller->place] = Distance(latent, full_[child.sample]);
      continue;
    }
    states_[child.sample][Prefix(query.mask, call + 1)] = child.state;
    for (Traveller* traveller : child.travellers) {
      traveller->state = child.state;
      traveller->depth = call + 1;
    }
  }
}

int64_t PathEvaluator::HeldStates() const {
  int64_t held = 0;
  for (const auto& of_sample : states_) held += static_cast<int64_t>(of_sample.size());
  return held;
}

int64_t PathEvaluator::StateBytes() const {
  const int64_t latent = root_->latent[0].numel() * static_cast<int64_t>(root_->latent.element_size());
  return latent * static_cast<int64_t>(1 + denoiser_.guidance_rows() + history_tensors_);
}

}  // namespace skipbench
