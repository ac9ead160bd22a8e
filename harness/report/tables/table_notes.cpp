#include "harness/report/tables/table_notes.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/format.h"
#include "harness/report/tables/table_columns.h"
#include "harness/store/scheduler_options.h"
#include "harness/store/schema.h"

namespace skipbench {
namespace {

void AddOnce(const std::string& text, std::vector<std::string>* list) {
  if (!text.empty() && std::find(list->begin(), list->end(), text) == list->end()) list->push_back(text);
}

std::string PlaceOf(const Json& one) {
  const std::string processor = one.value("processor", "");
  return fmt::format("{}{}, {} threads, {}", one.value("device", "?"), processor.empty() ? "" : " (" + processor + ")",
                     one.value("threads", 0), DescribeBuilds({one}));
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
  const bool any_latency = std::ranges::any_of(table.rows, [](const TableRow& row) { return row.latency.has_value(); });
  if (!any_latency && std::ranges::any_of(table.rows, [](const TableRow& row) { return row.latency_message.empty(); }))
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
      "latency: one sample, median of {} runs of batch {} on {} threads (fastest-slowest), nothing shared; speed-up "
      "against "
      "the reference, with its 95 % interval (Welch's t of the logarithms).",
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
      parts.push_back(MetricHeading(table.metrics[m]) + " " + cell);
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Of settings that decide and never skipped, and of those that took one path for all samples: which, and how a searched
// path of as many predictions does.
std::vector<std::string> StaticNotes(const Table& table) {
  constexpr size_t kLongest = 128;  // calls that are shown
  std::vector<std::string> notes;
  for (const auto& row : table.rows) {
    if (row.never_skips)
      notes.push_back(
          fmt::format("{} never skips: its warm-up, a limit or its threshold keep all {} calls of all {} samples full.",
                      row.setting.label, row.setting.calls, row.samples));
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
    if (note.is_string()) {
      auto& text = notes.emplace_back(note.get<std::string>());
      if (!text.ends_with('?')) text += ".";
    }
  return notes;
}

// Times that say more of the machine than of the settings.
std::vector<std::string> BusyNotes(const Table& table) {
  constexpr size_t kNamed = 2;
  constexpr double kBusy = 0.5;  // processors
  std::vector<std::string> uneven, impossible, notes;
  double most = 0;
  for (const auto& row : table.rows) {
    if (!row.latency) continue;
    if (row.latency->uneven()) {
      uneven.push_back(row.setting.label);
      most = std::max(most, row.latency->max / row.latency->min);
    }
    if (row.macs_modules_ratio && row.macs_matmuls_ratio)
      if (const double ratio = std::min(*row.macs_modules_ratio, *row.macs_matmuls_ratio);
          row.latency->impossible(ratio))
        impossible.push_back(
            fmt::format("{} {:.2f}x of {:.2f}x", row.setting.label, *row.latency->speed_up, 1 / ratio));
  }
  const auto named = [&](const std::vector<std::string>& all) {
    const std::vector<std::string> some(all.begin(),
                                        all.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, all.size())));
    return fmt::format("{}{}", fmt::join(some, ", "),
                       all.size() > kNamed ? fmt::format(" and {} more", all.size() - kNamed) : "");
  };
  if (!uneven.empty())
    notes.push_back(
        fmt::format("latency: the machine was busy: repeats differ by up to {:.1f} times ({}); measure again.", most,
                    named(uneven)));
  if (!impossible.empty())
    notes.push_back(fmt::format("speed-up: the machine was busy: more than the saved work allows ({}); measure again.",
                                named(impossible)));
  double busy = 0;
  for (const auto& row : table.rows)
    if (row.latency) busy = std::max(busy, row.latency->busy_elsewhere.value_or(0));
  if (busy > kBusy)
    notes.push_back(fmt::format("latency: other processes kept {:.1f} processors busy meanwhile.", busy));
  return notes;
}

// When and where.
std::string PlaceNote(const Table& table) {
  std::vector<std::string> parts;
  if (table.cost.finished_at > 0) parts.push_back("Made on " + DateOf(table.cost.finished_at));
  if (!table.header.processor.empty()) parts.push_back(table.header.processor);
  return parts.empty() ? "" : fmt::format("{}.", fmt::join(parts, ", "));
}

// By what and how the Pareto set is found.
std::string ParetoNote(const Table& table) {
  const auto& groups = table.verdict.groups;
  if (std::ranges::none_of(groups, [](const auto& group) { return group.problem.empty(); })) return "";
  const bool between = std::ranges::any_of(
      groups, [](const auto& group) { return std::ranges::any_of(group.settings, &JudgedSetting::beaten_between); });
  return fmt::format(
      "Pareto: of the settings with one full run, no other one is better in {} at no more {}, by the means{}.",
      TitleOf(table.verdict.metric), table.verdict.cost == "nfe" ? "network evaluations" : "MACs",
      between ? "; (yes): only because no fewer steps were run at just its cost, where, interpolated, they are "
                "certainly better"
              : "");
}

}  // namespace

int64_t FramesOf(const Table& table) {
  const Json& config = table.header.expanded_config;
  const auto frames = config.find("frames");
  return frames != config.end() && frames->is_number_integer() ? frames->get<int64_t>() : 0;
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
  const auto busy = BusyNotes(table);
  notes.insert(notes.end(), busy.begin(), busy.end());
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
  AddOnce(ParetoNote(table), &notes);
  if (table.decisions) notes.push_back(DecisionNote(*table.decisions));
  if (identical)
    notes.push_back(fmt::format(
        "identical, (+k): all, or k, {} are equal to the reference's in every byte; counted, not averaged.", things));
  if (FramesOf(table) > 0)
    for (const auto& metric : table.metrics)
      if (metric.per_frame) clip_means += (clip_means.empty() ? "" : ", ") + TitleOf(metric);
  if (!clip_means.empty()) notes.push_back(clip_means + ": of a clip the mean over its frames.");
  AddOnce(PlaceNote(table), &notes);
  if (table.environments.size() > 1) {
    std::vector<std::string> places;
    for (const auto& one : table.environments) places.push_back(PlaceOf(one));
    notes.push_back(fmt::format("Made in several places: {}.", fmt::join(places, "; ")));
  }
  const std::string against = AgainstNote(table, things);
  for (const auto& more : {StaticNotes(table), SpacingNotes(table), RunNotes(table),
                           against.empty() ? std::vector<std::string>{} : std::vector<std::string>{against},
                           DistanceNotes(table), MissingNotes(table)})
    for (const auto& note : more) AddOnce(note, &notes);
  return notes;
}

std::vector<std::string> NotesByWeight(const Table& table) {
  std::vector<std::string> notes;
  for (const auto& more : {table.notes, BusyNotes(table), MissingNotes(table), RunNotes(table), StaticNotes(table)})
    for (const auto& note : more) AddOnce(note, &notes);
  if (table.decisions) AddOnce(DecisionNote(*table.decisions), &notes);
  AddOnce(LatencyNote(table), &notes);
  for (const auto& note : NotesOf(table)) AddOnce(note, &notes);
  return notes;
}

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

}  // namespace skipbench
