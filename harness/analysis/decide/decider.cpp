#include "harness/analysis/decide/decider.h"

#include <algorithm>
#include <limits>

#include "harness/analysis/decide/fewer_steps.h"
#include "harness/analysis/decide/pareto.h"
#include "harness/analysis/decide/regression.h"
#include "harness/base/error.h"

namespace skipbench {
namespace {

std::unique_ptr<Question> MakeQuestion(const RunHeader& header, const DecideOptions& options,
                                       const std::optional<Baseline>& baseline) {
  if (options.asks("pareto")) return ParetoQuestion(header, options);
  if (options.asks("fewer_steps")) return FewerStepsQuestion(header, options);
  if (!baseline) Fail("decide: the question \"regression\" without a baseline");
  std::vector<std::string> metrics;
  for (const auto& [metric, values] : baseline->values) metrics.push_back(metric);
  return RegressionQuestion(header, options, metrics);
}

}  // namespace

Decider::Decider(const RunHeader& header, DecideOptions options, std::optional<Baseline> baseline)
    : last_(header.sample_count),
      look_(options.look),
      settings_(std::ssize(header.settings)),
      options_(std::move(options)),
      baseline_(std::move(baseline)),
      question_(MakeQuestion(header, options_, baseline_)),
      decisions_(header.settings.size()),
      until_(header.settings.size(), header.sample_count) {
  if (look_ < 1) Fail("decide.look: expected 1 or more, found {}", look_);
  for (const auto& name : question_->Columns()) columns_[name].resize(header.settings.size());
}

std::vector<std::string> Decider::Columns() const {
  std::vector<std::string> names = question_->Columns();
  std::erase_if(names, [](const std::string& name) { return name.starts_with(kBaselinePrefix); });
  return names;
}

void Decider::Add(const DecidingSamples& samples) {
  for (size_t i = 0; i < samples.ordinals.size(); ++i) {
    const int64_t ordinal = samples.ordinals[i];
    if (ordinal < count_ || waiting_.contains(ordinal)) continue;
    auto& row = waiting_[ordinal];
    for (const auto& [name, settings] : samples.columns)
      for (const auto& values : settings) row[name].push_back(values[i]);
  }
  while (!finished_ && waiting_.contains(count_)) {
    Append(count_);
    if (count_ % look_ == 0 || count_ == last_) LookAt(count_);
  }
}

void Decider::Append(int64_t ordinal) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  auto row = waiting_.extract(ordinal);
  for (auto& [name, settings] : columns_)
    for (int64_t k = 0; k < settings_; ++k) {
      const auto place = static_cast<size_t>(k);
      double value = kNaN;
      if (name.starts_with(kBaselinePrefix))
        value = baseline_->values.at(name.substr(std::string(kBaselinePrefix).size()))[place][ordinal];
      else if (const auto found = row.mapped().find(name); found != row.mapped().end())
        value = found->second[place];
      // What an undivided run had dropped by now has no say, although a shard may have run it.
      settings[place].push_back(Needed(place, ordinal) ? value : kNaN);
    }
  ++count_;
}

void Decider::LookAt(int64_t samples) {
  if (samples < std::min(options_.burn_in, last_)) return;
  const Look look{samples, last_, columns_};
  question_->Ask(look, &decisions_);
  const std::vector<bool> needs = question_->Needs(look, decisions_);
  for (size_t k = 0; k < until_.size(); ++k)
    if (!needs[k]) until_[k] = std::min(until_[k], samples);
  finished_ = samples == last_ || std::ranges::none_of(needs, [](bool needed) { return needed; });
  if (!finished_) return;
  for (auto& decision : decisions_)
    if (decision.answer == Answer::kOpen) {
      decision.answer = Answer::kUndecided;
      decision.samples = samples;
      decision.words = fmt::format("open when the run ended after {} samples", samples);
    }
}

int64_t Decider::end() const { return *std::ranges::max_element(until_); }

}  // namespace skipbench
