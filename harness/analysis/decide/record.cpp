#include "harness/analysis/decide/record.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/store/record_io.h"

namespace skipbench {

const char* Name(Answer answer) {
  static const char* const names[] = {"open", "yes", "no", "undecided", "not asked"};
  return names[static_cast<int>(answer)];
}

RunDecisions DecisionsOf(const Decider& decider) {
  return {decider.options(), decider.decisions(), decider.until(), decider.end(), decider.finished()};
}

std::optional<RunDecisions> DecisionsOf(const ResultReader& result) {
  const Json& config = result.header().expanded_config;
  if (!config.is_object() || !config.contains("decide") || config["decide"].is_null()) return std::nullopt;
  const std::string where = result.header().name + ": expanded_config";
  const JsonReader root(config, where);
  DecideOptions options = DecideTable().Read(root.Object("decide"));
  std::optional<Baseline> baseline;
  if (options.asks("regression")) {
    const auto groups = result.OpenExtra(kBaselinePart);
    if (groups.empty()) Fail("{}: the baseline's values ({}) are missing", where, kBaselinePart);
    baseline = ReadBaseline(groups.front(), result.header());
  }
  RunHeader header = result.header();
  for (size_t k = 0; k < header.settings.size(); ++k)
    for (const auto& metric : result.Metrics(k))
      if (std::ranges::find(header.metrics, metric.name, &MetricInfo::name) == header.metrics.end())
        header.metrics.push_back(metric);
  if (result.samples().empty()) return std::nullopt;
  Decider decider(header, std::move(options), std::move(baseline));
  decider.Add(SamplesOf(result, decider.Columns()));
  return DecisionsOf(decider);
}

int ExitCode(const RunDecisions& decisions) {
  if (!decisions.options.asks("regression")) return 0;
  const auto any = [&](Answer answer) {
    return std::ranges::count(decisions.decisions, answer, &SettingDecision::answer) > 0;
  };
  return any(Answer::kYes) ? 1 : any(Answer::kUndecided) || any(Answer::kOpen) ? 2 : 0;
}

bool IsAnswered(const ResultReader& result) {
  const auto decisions = DecisionsOf(result);
  return decisions && decisions->finished;
}

std::optional<KeptSamples> KeptOf(const ResultReader& result) {
  const auto decisions = DecisionsOf(result);
  if (!decisions) return std::nullopt;
  return KeptSamples{decisions->until, decisions->end};
}

void WriteDecisions(hdf5::Group& group, const RunDecisions& decisions, const RunHeader& header, int64_t samples) {
  GroupWriter writer(group);
  writer.Attribute("question", decisions.options.question);
  writer.Attribute("metric", decisions.options.metric);
  writer.Attribute("cost", decisions.options.cost);
  writer.Attribute("level", decisions.options.level);
  writer.Attribute("samples", samples);
  writer.Attribute("answered", decisions.finished);
  std::vector<std::string> labels, answers, metrics, words;
  std::vector<int64_t> answer_samples, run_samples, rivals;
  std::vector<double> difference, low, high;
  for (size_t k = 0; k < decisions.decisions.size(); ++k) {
    const SettingDecision& one = decisions.decisions[k];
    labels.push_back(header.settings[k].label);
    answers.emplace_back(Name(one.answer));
    answer_samples.push_back(one.samples);
    run_samples.push_back(std::min(decisions.until[k], samples));
    rivals.push_back(one.rival);
    metrics.push_back(one.metric);
    difference.push_back(one.difference.mean);
    low.push_back(one.difference.low);
    high.push_back(one.difference.high);
    words.push_back(one.words);
  }
  writer.Dataset("setting", labels, "setting");
  writer.Dataset("answer", answers, "setting");
  writer.Dataset("answer_samples", answer_samples, "setting");
  writer.Dataset("run_samples", run_samples, "setting");
  writer.Dataset("rival", rivals, "setting");
  writer.Dataset("metric", metrics, "setting");
  writer.Dataset("difference", difference, "setting");
  writer.Dataset("low", low, "setting");
  writer.Dataset("high", high, "setting");
  writer.Dataset("words", words, "setting");
}

void WriteBaseline(hdf5::Group& group, const Baseline& baseline) {
  for (const auto& [metric, settings] : baseline.values) {
    std::vector<double> values;
    for (const auto& setting : settings) values.insert(values.end(), setting.begin(), setting.end());
    const int64_t count = std::ssize(settings);
    group.Write(metric, values, {count, count == 0 ? 0 : std::ssize(values) / count}, {"setting", "sample"});
  }
}

Baseline ReadBaseline(const hdf5::Group& group, const RunHeader& header) {
  Baseline baseline;
  for (const auto& metric : group.Members()) {
    Array<double> array;
    GroupReader(group, {{"setting", std::ssize(header.settings)}, {"sample", header.sample_count}})
        .Dataset(metric, array, {"setting", "sample"});
    SettingValues& settings = baseline.values[metric];
    for (int64_t k = 0; k < array.shape[0]; ++k) {
      const auto begin = array.values.begin() + static_cast<std::ptrdiff_t>(k * array.shape[1]);
      settings.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(array.shape[1]));
    }
  }
  return baseline;
}

}  // namespace skipbench
