#include "harness/report/tables/table_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "harness/base/format.h"
#include "harness/store/scheduler_options.h"
#include "harness/store/schema.h"

namespace skipbench {
namespace {

constexpr const char* kMissing = "-";
constexpr size_t kMetricsInFront = 2;  // beside the costs; PSNR and SSIM, where they are measured

// ---- numbers --------------------------------------------------------------------------------------------------------

std::string Count(double value) {  // a mean of counts: without a fraction where it has none
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string MetricNumber(const MetricInfo& metric, double value) {
  return metric.decimals ? fmt::format("{:.{}f}", value, *metric.decimals) : Significant(value, 3);
}

// ---- columns --------------------------------------------------------------------------------------------------------

// A column of the table: its heading, and a row's cell; an empty cell is a missing value.
struct TextColumn {
  std::string heading;
  std::function<std::string(const TableRow&)> cell;
};

std::string SpreadCell(const std::optional<Spread>& spread) {
  if (!spread) return "";
  if (spread->min == spread->max) return Count(spread->mean);
  return fmt::format("{} ({:.0f}-{:.0f})", Count(spread->mean), spread->min, spread->max);
}

// A star: the same path for every sample (StaticNotes).
std::string NfeCell(const TableRow& row) {
  const std::string cell = SpreadCell(row.nfe);
  return row.static_path && !cell.empty() ? cell + "*" : cell;
}

TextColumn MacsColumn(const Table& table, const char* convention, std::optional<double> TableRow::*macs,
                      std::optional<double> TableRow::*ratio) {
  double largest = 0;  // its prefix serves for the whole column
  for (const auto& row : table.rows) largest = std::max(largest, (row.*macs).value_or(0));
  const double scale = largest >= 1e13 ? 1e12 : largest >= 1e9 ? 1e9 : 1e6;
  const char prefix = scale == 1e12 ? 'T' : scale == 1e9 ? 'G' : 'M';
  return {fmt::format("{}MACs {}", prefix, convention), [=](const TableRow& row) -> std::string {
            if (!(row.*macs)) return "";
            const std::string value = Significant(*(row.*macs) / scale, 4);
            return row.*ratio ? fmt::format("{} ({:.3f})", value, *(row.*ratio)) : value;
          }};
}

std::string LatencyCell(const TableRow& row) { return row.latency ? Significant(row.latency->seconds, 3) : ""; }

std::string SpeedUpCell(const TableRow& row) {
  return row.latency && row.latency->speed_up ? fmt::format("{:.2f}x", *row.latency->speed_up) : "";
}

std::string MemoryCell(const TableRow& row) {
  if (!row.latency || !row.latency->peak_memory_bytes) return "";
  return Significant(*row.latency->peak_memory_bytes / (1 << 20), 3);
}

// Of single samples, or of a set; where the interval has no width, of a set all the same.
std::string ValueCell(const std::optional<MeasuredValue>& value, bool of_set) {
  if (!value) return "";
  if (!value->available) return "not available";
  if (!value->value) return of_set ? "" : "identical";
  const MetricInfo& metric = value->metric;
  std::string text = MetricNumber(metric, *value->value);
  if (value->low && value->high && (of_set || *value->low < *value->high))
    text += fmt::format(" [{}, {}]", MetricNumber(metric, *value->low), MetricNumber(metric, *value->high));
  if (!of_set && value->identical > 0) text += fmt::format(" (+{})", value->identical);
  return text;
}

std::string Heading(const MetricInfo& metric) {
  return metric.unit.empty() ? TitleOf(metric) : TitleOf(metric) + " " + metric.unit;
}

std::string OutcomeCell(const TableRow& row) {
  const int64_t all = row.samples + row.failed + row.not_supported;
  auto because = [&](const std::string& what) { return row.message.empty() ? what : what + ": " + row.message; };
  if (all == 0 && row.not_run > 0) return "not run";
  if (all == 0) return kMissing;
  if (row.not_supported == all) return because("not supported");
  if (row.not_supported > 0) return because(fmt::format("not supported {} of {}", row.not_supported, all));
  if (row.failed > 0) return because(fmt::format("failed {} of {}", row.failed, all));
  return row.setting.reference ? "done (reference)" : "done";
}

bool Any(const Table& table, const std::function<bool(const TableRow&)>& has) {
  return std::any_of(table.rows.begin(), table.rows.end(), has);
}

TextColumn MetricColumn(const Table& table, size_t m) {
  return {Heading(table.metrics[m]), [&table, m](const TableRow& row) {
            if (table.unavailable.contains(table.metrics[m].name)) return std::string("not available");
            return ValueCell(row.metrics[m], false);
          }};
}

const SettingDecision* DecisionOf(const Table& table, const TableRow& row) {
  if (!table.decisions) return nullptr;
  return &table.decisions->decisions.at(static_cast<size_t>(&row - table.rows.data()));
}

// What a run that decides says of the setting, behind what became of its samples.
std::string OutcomeOf(const Table& table, const TableRow& row) {
  const std::string outcome = OutcomeCell(row);
  const SettingDecision* decision = DecisionOf(table, row);
  if (!decision || row.setting.reference) return outcome;
  return outcome + "; " + (decision->answer == Answer::kOpen ? "open" : decision->words);
}

// How much better than what it was held against.
TextColumn DifferenceColumn(const Table& table) {
  const DecideOptions& options = table.decisions->options;
  const char* against = options.asks("pareto")        ? "best rival"
                        : options.asks("fewer_steps") ? "fewer steps"
                                                      : "baseline";
  return {
      options.metric.empty() ? fmt::format("above {}", against) : fmt::format("{} above {}", options.metric, against),
      [&table](const TableRow& row) -> std::string {
        const MeanInterval& value = DecisionOf(table, row)->difference;
        if (value.count == 0 || !std::isfinite(value.mean)) return "";
        if (!std::isfinite(value.low) || !std::isfinite(value.high)) return fmt::format("{:+.3g}", value.mean);
        return fmt::format("{:+.3g} [{:+.3g}, {:+.3g}]", value.mean, value.low, value.high);
      }};
}

std::vector<TextColumn> ColumnsFor(const Table& table) {
  std::vector<TextColumn> columns = {{"setting", [](const TableRow& row) { return row.setting.label; }},
                                     {"samples", [](const TableRow& row) { return std::to_string(row.samples); }},
                                     {"NFE", NfeCell}};
  if (Any(table, [](const TableRow& row) { return row.shallow_nfe && row.shallow_nfe->max > 0; }))
    columns.push_back({"shallow NFE", [](const TableRow& row) { return SpreadCell(row.shallow_nfe); }});
  columns.push_back(MacsColumn(table, "modules", &TableRow::macs_modules, &TableRow::macs_modules_ratio));
  columns.push_back(MacsColumn(table, "matmuls", &TableRow::macs_matmuls, &TableRow::macs_matmuls_ratio));
  columns.insert(columns.end(), {{"latency s", LatencyCell}, {"speed-up", SpeedUpCell}, {"memory MiB", MemoryCell}});
  for (size_t m = 0; m < std::min(kMetricsInFront, table.metrics.size()); ++m)
    columns.push_back(MetricColumn(table, m));
  if (table.decisions) columns.push_back(DifferenceColumn(table));
  columns.push_back({"outcome", [&table](const TableRow& row) { return OutcomeOf(table, row); }});
  return columns;
}

// The second table.
std::vector<TextColumn> MoreColumnsFor(const Table& table) {
  if (table.metrics.size() <= kMetricsInFront && table.distances.empty()) return {};
  std::vector<TextColumn> columns = {{"setting", [](const TableRow& row) { return row.setting.label; }}};
  for (size_t m = kMetricsInFront; m < table.metrics.size(); ++m) columns.push_back(MetricColumn(table, m));
  for (size_t d = 0; d < table.distances.size(); ++d) {
    columns.push_back({fmt::format("{} ({})", Heading(table.distances[d].metric), table.distances[d].against),
                       [d](const TableRow& row) { return ValueCell(row.distances[d], true); }});
  }
  return columns;
}

// ---- caption and notes ----------------------------------------------------------------------------------------------

void AddOnce(const std::string& text, std::vector<std::string>* list) {
  if (!text.empty() && std::find(list->begin(), list->end(), text) == list->end()) list->push_back(text);
}

std::string SchedulersOf(const RunHeader& header) {
  std::vector<std::string> names;
  for (const auto& setting : header.settings)
    AddOnce(setting.scheduler.empty() ? header.scheduler : setting.scheduler, &names);
  return fmt::format("{}", fmt::join(names, " / "));
}

std::string Environment(const Json& one) {
  return fmt::format("{}, {} threads, {}", one.value("device", "?"), one.value("threads", 0), DescribeBuilds({one}));
}

// Of a clip; 0: the samples are pictures.
int64_t FramesOf(const Table& table) {
  const Json& config = table.header.expanded_config;
  const auto frames = config.find("frames");
  return frames != config.end() && frames->is_number_integer() ? frames->get<int64_t>() : 0;
}

std::string CaptionOf(const Table& table) {
  const RunHeader& header = table.header;
  std::string text = header.name + ": " + header.model;
  if (!header.model_hash.empty()) text += fmt::format(" ({})", header.model_hash.substr(0, 12));
  text += fmt::format(", {}, {} steps", SchedulersOf(header), header.steps);
  text += header.guidance == 0 ? std::string(", no guidance") : fmt::format(", guidance {}", header.guidance);
  const bool answered = table.decisions && table.decisions->finished;
  text += table.samples == header.sample_count || answered
              ? fmt::format(", {} samples{}", table.samples,
                            table.samples < header.sample_count
                                ? fmt::format(" (of {} at most: answered)", header.sample_count)
                                : "")
              : fmt::format(", {} of {} samples (not finished)", table.samples, header.sample_count);
  if (const int64_t frames = FramesOf(table); frames > 0) text += fmt::format(", clips of {} frames", frames);
  text += fmt::format(", seed {}; {}, {} threads, {}", header.seed, header.device, header.threads, header.dtype);
  return text + "; " + DescribeBuilds(table.environments) + ".";
}

std::string SweepNote(const Table& table) {
  const WaveCost& cost = table.cost;
  const Json& config = table.header.expanded_config;
  const bool embedded = config.find("embedded_guidance") != config.end() && config.at("embedded_guidance") == true;
  const bool pairs = table.header.guidance != 0 && !embedded;
  const char* unit = pairs ? "network evaluations (guided pairs)" : "network evaluations";
  std::string text = fmt::format("The settings together took {} {}; one by one they would take {}",
                                 Thousands(cost.evaluations), unit, Thousands(cost.separate_evaluations));
  if (cost.evaluations > 0)
    text += fmt::format(", {:.2f} times as many",
                        static_cast<double>(cost.separate_evaluations) / static_cast<double>(cost.evaluations));
  if (cost.separate_shallow_evaluations > 0)
    text += fmt::format(" (and {} shallow ones instead of {})", Thousands(cost.shallow_evaluations),
                        Thousands(cost.separate_shallow_evaluations));
  return text + fmt::format(". Time for all of it: {} s.", Significant(cost.wall_s, 3));
}

// Why some cells are "-": each reason once.
std::vector<std::string> MissingNotes(const Table& table) {
  std::vector<std::string> notes;
  const bool any_latency = Any(table, [](const TableRow& row) { return row.latency.has_value(); });
  if (!any_latency && Any(table, [](const TableRow& row) { return row.latency_message.empty(); }))
    notes.push_back("latency, speed-up, memory: - because the run did not measure them (latency mode).");
  for (const auto& row : table.rows) {
    const std::string& label = row.setting.label;
    if (row.samples == 0 && row.not_run > 0 && row.failed + row.not_supported == 0) continue;
    if (row.samples == 0 && table.samples > 0)
      notes.push_back(fmt::format("{}: - because no sample was done ({}).", label, OutcomeCell(row)));
    if (!row.latency_message.empty())
      notes.push_back(fmt::format("{}: no latency: {}", label, row.latency_message));
    else if (any_latency && !row.latency && row.samples > 0)
      notes.push_back(fmt::format("{}: latency was not measured.", label));
    if (row.latency && !row.latency->speed_up)
      notes.push_back(fmt::format("{}: no speed-up, because the reference was not measured alike.", label));
    if (row.latency && !row.latency->peak_memory_bytes)
      notes.push_back(fmt::format("{}: memory was not measured.", label));
    if (row.samples == 0) continue;
    for (size_t m = 0; m < table.metrics.size(); ++m) {
      if (table.unavailable.contains(table.metrics[m].name)) continue;
      const auto& summary = row.metrics[m];
      if (!summary)
        notes.push_back(
            fmt::format("{}: no {}: it was not measured, or the reference failed.", label, table.metrics[m].name));
      else if (const int64_t missing = MissingOf(row, *summary); missing > 0)
        notes.push_back(fmt::format("{}: {} is over {} of {} samples; the others have none.", label,
                                    table.metrics[m].name, row.samples - missing, row.samples));
    }
  }
  for (const auto& [metric, why] : table.unavailable)
    notes.push_back(fmt::format("{}: not available: {}", metric, why));
  if (table.samples == 0) notes.push_back("- because no sample is in the results yet.");
  return notes;
}

std::string LatencyNote(const Table& table) {
  const LatencySummary* first = nullptr;
  std::set<std::string> kinds;
  for (const auto& row : table.rows) {
    if (!row.latency) continue;
    if (!first) first = &*row.latency;
    if (row.latency->peak_memory_bytes) kinds.insert(row.latency->peak_memory_kind);
  }
  if (!first) return "";
  std::string note = fmt::format(
      "latency: one sample, median of {} runs of batch {} on {} threads, nothing shared; speed-up against the "
      "reference.",
      first->repeats, first->batch, first->threads);
  if (!kinds.empty()) note += fmt::format(" memory: {}.", fmt::join(kinds, "; "));
  return note;
}

// Of the second table: what its values are compared with, how the intervals were made, and what several settings have
// in common.
std::vector<std::string> DistanceNotes(const Table& table) {
  std::vector<std::string> notes;
  const auto add = [&](const std::string& note) { AddOnce(note, &notes); };
  for (size_t d = 0; d < table.distances.size(); ++d) {
    const std::string name = fmt::format("{} ({})", table.distances[d].metric.name, table.distances[d].against);
    std::map<std::string, std::vector<std::string>> by_note;  // the settings that have it
    size_t with_values = 0;
    for (const auto& row : table.rows) {
      const auto& value = row.distances[d];
      if (!value || !value->available) continue;
      ++with_values;
      if (!value->interval.empty()) add(fmt::format("{}: 95 % interval by {}.", name, value->interval));
      if (!value->note.empty()) by_note[value->note].push_back(row.setting.label);
    }
    for (const auto& [note, settings] : by_note)
      add(settings.size() == with_values ? fmt::format("{}: {}.", name, note)
                                         : fmt::format("{}, {}: {}.", name, fmt::join(settings, ", "), note));
  }
  return notes;
}

// What the names of metrics of sets mean, of those that there are.
std::string AgainstNote(const Table& table, const char* things) {
  const auto has = [&](const char* against) {
    return std::any_of(table.distances.begin(), table.distances.end(),
                       [&](const auto& one) { return one.against == against; });
  };
  if (has("data"))
    return fmt::format(
        "(data): the setting's {0} as a set against the reference data; (reference): against the {0} of its reference "
        "setting.",
        things);
  return has("reference")
             ? fmt::format("(reference): the setting's {0} as a set against the {0} of its reference setting.", things)
             : "";
}

// "PSNR dB 42.05 [40.28, 43.60], SSIM 0.993", of the metrics in front; "" where none was measured.
std::string MetricsInWords(const Table& table, const TableRow& row) {
  std::vector<std::string> parts;
  for (size_t m = 0; m < std::min(kMetricsInFront, table.metrics.size()); ++m)
    if (const std::string cell = MetricColumn(table, m).cell(row); !cell.empty())
      parts.push_back(Heading(table.metrics[m]) + " " + cell);
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Of settings that took one path for all samples: which, and how a searched path of as many predictions does.
std::vector<std::string> StaticNotes(const Table& table) {
  constexpr size_t kLongest = 128;  // calls that are shown
  std::vector<std::string> notes;
  for (const auto& row : table.rows) {
    if (!row.static_path) continue;
    const StaticPath& path = *row.static_path;
    std::string note =
        path.mask.size() <= kLongest
            ? fmt::format("NFE*: {} is static: the same path for all {} samples: {}", row.setting.label, path.samples,
                          path.mask)
            : fmt::format("NFE*: {} is static: the same path for all {} samples ({} calls: {}...)", row.setting.label,
                          path.samples, row.setting.calls, path.mask.substr(0, kLongest));
    for (const size_t other : row.searched) {
      const std::string here = MetricsInWords(table, row), there = MetricsInWords(table, table.rows[other]);
      note += fmt::format("; searched with as many predictions: {}", table.rows[other].setting.label);
      if (!there.empty()) note += fmt::format(": {}{}", there, here.empty() ? "" : " (static: " + here + ")");
    }
    const int64_t skips = row.setting.calls - path.predictions;
    if (row.search)
      note += fmt::format(
          "; the search of {0} holds the best path of as many predictions: {{\"type\": \"fixed_path\", \"from\": this "
          "result, \"setting\": \"{0}\", \"skips\": {1}}}",
          table.rows[*row.search].setting.label, skips);
    else if (row.searched.empty())
      note += fmt::format(
          "; the best path of as many predictions to set beside it: {{\"type\": \"greedy_search\", \"skips\": {}}}",
          skips);
    notes.push_back(note + ".");
  }
  return notes;
}

// Which timesteps the schedulers visit, each once.
std::vector<std::string> SpacingNotes(const Table& table) {
  std::vector<std::string> notes;
  for (size_t k = 0; k < table.header.settings.size(); ++k) {
    const SettingInfo& setting = table.header.settings[k];
    const std::string text =
        DescribeSpacing(OptionsOf(table.header, k),
                        setting.scheduler.empty() ? table.header.scheduler : setting.scheduler, setting.timesteps);
    if (setting.reference && !text.empty()) AddOnce("scheduler " + text + ".", &notes);
  }
  return notes;
}

// What the run had to say of itself: prompts that were cut, files taken in another's place. Results of older programs
// have none.
std::vector<std::string> RunNotes(const Table& table) {
  std::vector<std::string> notes;
  const Json& config = table.header.expanded_config;
  const auto found = config.is_object() ? config.find("notes") : config.end();
  if (found == config.end() || !found->is_array()) return notes;
  for (const auto& note : *found)
    if (note.is_string()) notes.push_back(note.get<std::string>() + ".");
  return notes;
}

std::vector<std::string> NotesOf(const Table& table) {
  const char* things = FramesOf(table) > 0 ? "clips" : "pictures";
  std::vector<std::string> notes = table.notes;
  std::string clip_means;
  if (table.samples > 0) {
    notes.push_back(SweepNote(table));
    notes.push_back("MACs: of the denoiser, mean of a sample; in parentheses the ratio to the reference.");
  }
  if (auto note = LatencyNote(table); !note.empty()) notes.push_back(std::move(note));
  bool interval = false, identical = false;
  for (const auto& row : table.rows)
    for (const auto& summary : row.metrics) {
      interval |= summary && summary->count > 1;
      identical |= summary && summary->identical > 0;
    }
  if (interval && !table.decisions) notes.push_back("[low, high]: 95 % interval of the mean, bootstrap over samples.");
  if (interval && table.decisions)
    notes.push_back(
        "[low, high]: 95 % interval of the mean, valid although the samples end when the answer is there: a confidence "
        "sequence (asymptotic).");
  if (table.decisions) notes.push_back(DecisionNote(*table.decisions));
  if (identical)
    notes.push_back(fmt::format(
        "identical, (+k): all, or k, {} are equal to the reference's in every byte; counted, not averaged.", things));
  if (FramesOf(table) > 0)
    for (const auto& metric : table.metrics)
      if (metric.per_frame) clip_means += (clip_means.empty() ? "" : ", ") + TitleOf(metric);
  if (!clip_means.empty()) notes.push_back(clip_means + ": of a clip the mean over its frames.");
  if (table.environments.size() > 1) {
    std::vector<std::string> places;
    for (const auto& one : table.environments) places.push_back(Environment(one));
    notes.push_back(fmt::format("Made in several places: {}.", fmt::join(places, "; ")));
  }
  const std::string against = AgainstNote(table, things);
  for (const auto& more : {StaticNotes(table), SpacingNotes(table), RunNotes(table),
                           against.empty() ? std::vector<std::string>{} : std::vector<std::string>{against},
                           DistanceNotes(table), MissingNotes(table)})
    notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

}  // namespace

std::string DecisionNote(const RunDecisions& decisions) {
  const DecideOptions& options = decisions.options;
  const std::string margin = options.margin.value_or(0) > 0 ? fmt::format(" by more than {:.4g}", *options.margin) : "";
  const std::string asked =
      options.asks("pareto")
          ? fmt::format("which settings does no other one of the same full run that costs no more ({}) beat in {}{}?",
                        options.cost, options.metric, margin)
      : options.asks("fewer_steps")
          ? fmt::format("which settings beat fewer steps at their cost ({}, interpolated) in {}{}?", options.cost,
                        options.metric, margin)
          : fmt::format("is anything worse than in {}?", options.baseline);
  return fmt::format(
      "Decided: {} All answers together are right with {:.4g} % at every look (each {} samples, from {} on): bounds "
      "are "
      "confidence sequences (asymptotic), paired by sample, Bonferroni over the settings. Each setting was run as long "
      "as "
      "it was needed.",
      asked, 100 * options.level, options.look, options.burn_in);
}

TableText Layout(const Table& table) {
  TableText text;
  text.caption = CaptionOf(table);
  const auto fill = [&](const std::vector<TextColumn>& columns, std::vector<std::string>* headings,
                        std::vector<std::vector<std::string>>* cells) {
    for (const auto& column : columns) headings->push_back(column.heading);
    for (const auto& row : table.rows) {
      auto& line = cells->emplace_back();
      for (const auto& column : columns) {
        std::string cell = column.cell(row);
        line.push_back(cell.empty() ? kMissing : std::move(cell));
      }
    }
  };
  fill(ColumnsFor(table), &text.headings, &text.cells);
  if (const auto more = MoreColumnsFor(table); !more.empty()) fill(more, &text.more_headings, &text.more_cells);
  text.notes = NotesOf(table);
  return text;
}

}  // namespace skipbench
