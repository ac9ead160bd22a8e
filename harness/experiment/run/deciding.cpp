#include "harness/experiment/run/deciding.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>

#include "harness/analysis/comparable.h"
#include "harness/analysis/decide/record.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

// The baseline's values of the samples of the plan, setting by setting.
Baseline ReadBaselineResult(const Plan& plan, const RunHeader& header) {
  const fs::path path = plan.config.folder() / plan.config.decide->baseline;
  const ResultReader base = ResultReader::Open(path, {.known = CatalogMetrics()});
  const std::string where =
      fmt::format("{}: decide.baseline: {}", plan.config.file.string(), path.lexically_normal().string());
  if (const auto why = WhyNotComparable(base.header(), header); !why.empty())
    Fail("{}: not comparable with this run: {}", where, fmt::join(why, "; "));
  std::map<int64_t, size_t> rows;
  for (size_t i = 0; i < base.samples().size(); ++i) rows[base.samples()[i].id] = i;
  int64_t common = 0;
  for (const auto& sample : plan.samples) {
    const auto row = rows.find(sample.id);
    if (row == rows.end()) continue;
    ++common;
    if (const SampleInfo& other = base.samples()[row->second];
        other.caption != sample.caption || other.label != sample.label)
      Fail("{}: other data: the sample {} is \"{}\" there, \"{}\" here", where, sample.id, other.caption,
           sample.caption);
  }
  if (common == 0) Fail("{}: no sample of this run is in it", where);
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Baseline baseline;
  for (size_t b = 0; b < base.header().settings.size(); ++b) {
    const int k = FindCounterpart(base.header(), b, header).index;
    if (k < 0) continue;
    for (const auto& metric : base.Metrics(b)) {
      const std::string& wanted = plan.config.decide->metric;
      if (!wanted.empty() && metric.name != wanted) continue;
      const auto here = std::ranges::find(header.metrics, metric.name, &MetricInfo::name);
      if (here == header.metrics.end() || here->better == Direction::kUnknown) continue;
      SettingValues& settings = baseline.values[metric.name];
      settings.resize(header.settings.size(), std::vector<double>(plan.samples.size(), kNaN));
      const auto values = base.Read<double>(b, metric.name).values, status = base.Read<double>(b, "status").values;
      for (size_t i = 0; i < plan.samples.size(); ++i)
        if (const auto row = rows.find(plan.samples[i].id);
            row != rows.end() && status[row->second] == static_cast<double>(Status::kDone))
          settings[static_cast<size_t>(k)][i] = values[row->second];
    }
  }
  if (baseline.values.empty())
    Fail("{}: it has none of this run's settings with {}", where,
         plan.config.decide->metric.empty() ? "a metric that both measure" : plan.config.decide->metric);
  return baseline;
}

}  // namespace

std::unique_ptr<Deciding> Deciding::Of(const Plan& plan, const RunHeader& header) {
  if (!plan.config.decide) return nullptr;
  try {
    std::optional<Baseline> baseline;
    if (plan.config.decide->asks("regression")) baseline = ReadBaselineResult(plan, header);
    return std::unique_ptr<Deciding>(new Deciding(header, *plan.config.decide, std::move(baseline)));
  } catch (const Error& e) {
    const std::string what = e.what(), file = plan.config.file.string();
    if (what.starts_with("decide")) Fail("{}: {}", file, what);
    throw;
  }
}

void Deciding::TakeCommitted(const ResultWriter& writer) {
  if (!writer.CommittedSamples().empty())
    decider_.Add(SamplesOf(ResultReader::Open(writer.folder(), {.own = true}), decider_.Columns()));
}

void Deciding::TakeSegment(const fs::path& file) {
  decider_.Add(SamplesOf(ResultReader::Open(file, {.own = true}), decider_.Columns()));
}

void Deciding::TakeOthers(const std::vector<fs::path>& folders) {
  for (const auto& folder : folders)
    if (!ResultFiles(folder).empty()) decider_.Add(SamplesOf(ResultReader::Open(folder), decider_.Columns()));
}

void Deciding::Take(const Wave& wave) { decider_.Add(SamplesOf(wave, decider_.Columns())); }

std::vector<bool> Deciding::NeededFrom(int64_t ordinal) const {
  std::vector<bool> needed;
  for (size_t k = 0; k < decider_.until().size(); ++k) needed.push_back(decider_.Needed(k, ordinal));
  return needed;
}

bool Deciding::NeedsAny(int64_t ordinal) const { return ordinal < decider_.end(); }

int64_t Deciding::LookAfter(int64_t ordinal) const {
  const int64_t look = decider_.options().look;
  return (ordinal / look + 1) * look;
}

void Deciding::CommitBaseline(ResultWriter* writer) const {
  if (!baseline_ || writer->ReadExtra(kBaselinePart, [](const hdf5::Group&) {})) return;
  writer->CommitExtra(kBaselinePart, [&](hdf5::Group& group) { WriteBaseline(group, *baseline_); });
}

JoinOptions Deciding::JoinAs(const ResultWriter& writer) const {
  const RunDecisions decisions = DecisionsOf(decider_);
  int64_t samples = 0;
  for (const auto& sample : writer.CommittedInfos()) samples += sample.ordinal < decisions.end;
  return {
      .kept = KeptSamples{decisions.until, decisions.end},
      .part = kDecisionsPart,
      .fill = [=, header = writer.header()](hdf5::Group& group) { WriteDecisions(group, decisions, header, samples); }};
}

}  // namespace skipbench
