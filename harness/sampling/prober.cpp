#include "harness/sampling/prober.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/sampling/difference_sums.h"
#include "harness/sampling/frequency_filter.h"

namespace skipbench::tree {
namespace {

// Columns of a row of sums: of the signal and the one before, then of the signal and the last computed one.
constexpr size_t kComputedColumns = kDifferenceColumns, kColumns = 2 * kDifferenceColumns;

}  // namespace

std::pair<int, int> GuidanceRowsOf(const Lane& lane, int policy, int guidance_rows) {
  if (lane.decides_apart()) return {policy, policy + 1};
  if (lane.halves == GuidanceScope::kConditional) return {guidance_rows - 1, guidance_rows};
  if (lane.halves == GuidanceScope::kUnconditional) return {0, 1};
  return {0, guidance_rows};
}

std::map<ProbeSite, std::vector<int>> Prober::Wanted(const ActiveBatch& batch) const {
  std::map<ProbeSite, std::vector<int>> wanted;
  for (size_t b = 0; b < batch.trajectories.size(); ++b) {
    std::set<ProbeSite> sites;
    for (int w : batch.trajectories[b].lanes)
      for (const auto& site : c_.lanes[w].probes.back())
        if (site) sites.insert(*site);
    for (const ProbeSite& site : sites) wanted[site].push_back(static_cast<int>(b));
  }
  return wanted;
}

at::Tensor Prober::Run(ActiveBatch* batch) {
  rows_.clear();
  views_.clear();
  probes_ = 0;
  const auto wanted = Wanted(*batch);
  std::map<ProbeSite, std::set<int>> signals;  // made once, however they are summed
  for (const auto& [site, trajectories] : wanted)
    for (int b : trajectories) {
      signals[site.whole()].insert(b);
      views_[{b, site.whole()}].push_back(site);
    }
  for (const auto& [site, all] : signals) {
    std::vector<int> together, apart;
    for (int b : all) (site.of_network() && c_.Apart(batch->trajectories[b]) ? apart : together).push_back(b);
    if (!site.of_network()) {
      TakeInput(batch, site, together);
      continue;
    }
    c_.InChunks(together, [&](std::span<const int> chunk) { RunNetwork(batch, site, chunk, kBothRows); });
    for (int row = 0; row < c_.guidance_rows(); ++row)
      c_.InChunks(apart, [&](std::span<const int> chunk) { RunNetwork(batch, site, chunk, row); });
  }
  std::vector<at::Tensor> sums;
  for (const auto& [site, trajectories] : wanted)
    for (int row = 0; row < c_.guidance_rows(); ++row) sums.push_back(Sums(*batch, site, trajectories, row));
  return sums.empty() ? at::Tensor() : at::cat(sums);
}

void Prober::Note(ActiveBatch* batch, int b, const ProbeSite& site, int guidance_row, const RowRef& exact,
                  const at::Tensor& rounded) {
  for (const ProbeSite& view : views_.at({b, site})) {
    RowRef now = exact;
    if (view.view.rounding != SumView::Rounding::kNone) now.block = rounded;
    batch->trajectories[b].signals[view][guidance_row].now = now;
  }
}

void Prober::RunNetwork(ActiveBatch* batch, const ProbeSite& site, std::span<const int> chunk, int guidance_row) {
  DenoiserInput input = c_.InputFor(*batch, chunk, &conditioning_);
  input.guidance_row = guidance_row;
  const std::shared_ptr<const DenoiserProbe> probe = c_.denoiser.Probe(input, site);
  const int64_t rows = probe->signal.size(0);
  for (int64_t r = 0; r < rows; ++r) {
    const size_t place = guidance_row == kBothRows ? static_cast<size_t>(r) : static_cast<size_t>(guidance_row);
    const at::Tensor signal = probe->signal.select(0, r), rounded = signal.to(c_.run.dtype);
    for (size_t k = 0; k < chunk.size(); ++k) {
      const auto own = static_cast<int64_t>(k);
      Note(batch, chunk[k], site, static_cast<int>(place), {signal, signal.size(0) == 1 ? 0 : own}, rounded);
      batch->trajectories[chunk[k]].begun[site][place] = {probe, probes_, own};
    }
  }
  ++probes_;
  c_.result.macs += c_.denoiser.Macs({Action::kReuse, {}, site}) * (rows * static_cast<int64_t>(chunk.size()));
}

// The network's input is the same for all guidance rows.
void Prober::TakeInput(ActiveBatch* batch, const ProbeSite& site, const std::vector<int>& trajectories) {
  at::Tensor signal = c_.InputFor(*batch, trajectories, &conditioning_).sample;
  if (site.signal == ProbeSite::Signal::kFilteredInput) {
    if (c_.run.sigmas.empty()) Fail("the scheduler {} does not say how noisy its latents are", c_.scheduler.type());
    signal = FilterFrequencies(signal, c_.run.sigmas[static_cast<size_t>(batch->call)], site.power);
  }
  const at::Tensor rounded = signal.to(c_.run.dtype);
  for (size_t k = 0; k < trajectories.size(); ++k)
    for (int row = 0; row < c_.guidance_rows(); ++row)
      Note(batch, trajectories[k], site, row, {signal, static_cast<int64_t>(k)}, rounded);
}

at::Tensor Prober::Sums(const ActiveBatch& batch, const ProbeSite& site, const std::vector<int>& trajectories,
                        int row) {
  std::vector<RowRef> now, previous, computed;
  for (int b : trajectories) {
    const Signal& signal = batch.trajectories[b].signals.at(site)[row];
    now.push_back(signal.now);
    previous.push_back(signal.previous.block.defined() ? signal.previous : signal.now);
    computed.push_back(signal.computed.block.defined() ? signal.computed : signal.now);
    rows_.push_back({b, row, site, ViewOf(signal.now.block, site.view)[signal.now.row].numel()});
  }
  const at::Tensor signals = GatherRows(now, 0);
  const auto against = [&](const std::vector<RowRef>& other) {
    return ComputeChangeSums(signals, GatherRows(other, 0), site.view);
  };
  const at::Tensor since_previous = against(previous);
  // After a call in which all of them ran in full the two are one.
  const bool one = std::ranges::equal(
      previous, computed, [](const RowRef& a, const RowRef& b) { return a.block.is_same(b.block) && a.row == b.row; });
  return at::cat({since_previous, one ? since_previous : against(computed)}, 1);
}

void Prober::Show(ActiveBatch* batch, const at::Tensor& sums) {
  Places places;
  const double* data = sums.const_data_ptr<double>();
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    places[{row.trajectory, row.guidance_row, row.site}] = i;
    batch->trajectories[row.trajectory].signals[row.site][row.guidance_row].now_abs = data[i * kColumns + kSelfAbs];
  }
  for (int w : batch->lanes) {
    Lane& lane = c_.lanes[w];
    for (size_t p = 0; p < lane.policies.size(); ++p)
      if (const auto& site = lane.probes.back()[p])
        lane.policies[p]->ObserveProbe(batch->call, SumsFor(*batch, lane, static_cast<int>(p), *site, places, data));
  }
}

ProbeSums Prober::SumsFor(const ActiveBatch& batch, const Lane& lane, int policy, const ProbeSite& site,
                          const Places& places, const double* data) const {
  const auto [first, end] = GuidanceRowsOf(lane, policy, c_.guidance_rows());
  ProbeSums seen{.self_abs = 0,
                 .previous_change = 0,
                 .previous_abs = 0,
                 .computed_change = 0,
                 .computed_abs = 0,
                 .previous_ratio = 0,
                 .computed_ratio = 0};
  // By this policy, whoever else looked.
  const auto looked = [&](size_t call) { return lane.probes[call][static_cast<size_t>(policy)] == site; };
  const auto last_full = std::find_if(lane.decisions.rbegin(), lane.decisions.rend(),
                                      [&](const auto& decision) { return decision[first].action == Action::kPredict; });
  const bool had_previous = !lane.decisions.empty() && looked(lane.decisions.size() - 1);
  const bool had_computed =
      last_full != lane.decisions.rend() && looked(static_cast<size_t>(lane.decisions.rend() - last_full) - 1);
  const auto terms = static_cast<double>(lane.trajectory.size() * static_cast<size_t>(end - first));
  for (int b : lane.trajectory)
    for (int r = first; r < end; ++r) {
      const size_t place = places.at({b, r, site});
      const Row& row = rows_[place];
      const double* columns = data + place * kColumns;
      const Signal& signal = batch.trajectories[b].signals.at(site)[r];
      const auto add = [&](bool had, double change, double abs, double* changes, double* magnitudes, double* ratio) {
        *changes += had ? change : kNotShown;
        *magnitudes += had ? abs : kNotShown;
        *ratio += had ? change / abs / terms : kNotShown;
      };
      seen.elements += row.elements;
      seen.self_abs += columns[kSelfAbs];
      add(had_previous, columns[kAbs1], signal.previous_abs, &seen.previous_change, &seen.previous_abs,
          &seen.previous_ratio);
      add(had_computed, columns[kComputedColumns + kAbs1], signal.computed_abs, &seen.computed_change,
          &seen.computed_abs, &seen.computed_ratio);
    }
  return seen;
}

}  // namespace skipbench::tree
