// skipbench metrics A [B]: A is what is measured, B the reference.
#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/evaluation/captions.h"
#include "harness/evaluation/comparison.h"
#include "harness/evaluation/metric_report.h"
#include "harness/evaluation/set_rows.h"
#include "harness/io/atomic_file.h"
#include "harness/runtime/threads.h"
#include "harness/store/source.h"
#include "metrics/torch_solver.h"

namespace skipbench::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> SplitAtCommas(const std::vector<std::string>& lists) {
  std::vector<std::string> parts;
  for (const auto& list : lists) {
    std::istringstream in(list);
    for (std::string one; std::getline(in, one, ',');)
      if (!one.empty()) parts.push_back(one);
  }
  return parts;
}

std::vector<fs::path> SplitPaths(const std::string& text) {
  std::vector<fs::path> paths;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ':');)
    if (!one.empty()) paths.emplace_back(one);
  return paths;
}

std::string Render(const MetricReport& report, const std::string& format) {
  if (format == "markdown") return RenderMetricsMarkdown(report);
  if (format == "csv") return RenderMetricsCsv(report);
  if (format == "json") return RenderMetricsJson(report);
  Fail("skipbench metrics: --format: expected markdown, csv or json, found \"{}\"{}", format, DidYouMean(format, {"markdown", "csv", "json"}));
}

bool IsResult(const fs::path& path) {
  return path.extension() == ".h5" || fs::exists(path / kJoinedFile) || fs::exists(path / kSegmentFolder);
}

struct Command {
  std::vector<std::string> inputs;
  std::vector<MetricRequest> requests;
  MetricNetworks networks;
  PictureSetOptions collections;
  ComparisonOptions comparison;
  SetOptions sets;
  std::vector<std::string> settings;  // --setting
  std::string save_stats;
  bool keep_features = false, allow_missing = false;
  OpenOptions reading;
};

// A result's settings, by label.
size_t FindSetting(const ResultReader& result, const std::string& label) {
  std::vector<std::string> known;
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    if (result.header().settings[k].label == label) return k;
    known.push_back(result.header().settings[k].label);
  }
  Fail("--setting {}: the results have no such setting; they have\n  {}{}", label, fmt::join(known, "\n  "), DidYouMean(label, known));
}

// What is measured: a folder or file, or a setting of a result. B may be shared by several.
struct Subject {
  std::string label;
  ComparedSet set;
  const ComparedSet* reference = nullptr;  // null: none
  int place = -1;                          // of the reference in A's own settings; -1: B
  bool is_reference = false;               // of A's own settings
};

struct Subjects {
  std::unique_ptr<ResultReader> a, b;
  std::map<int, ComparedSet> references;  // by place
  std::vector<Subject> all;
};

void OpenReference(const Command& command, Subjects* subjects) {
  if (command.inputs.size() < 2) return;
  const fs::path path = command.inputs[1];
  if (!IsResult(path)) {
    subjects->references[-1] = OpenComparedSet(path, command.collections);
    return;
  }
  subjects->b = std::make_unique<ResultReader>(OpenResults({path.string()}, command.reading));
  const int setting = ReferenceOf(subjects->b->header().settings, 0);
  if (setting < 0) Fail("{}: no setting of it is a reference", path.string());
  subjects->references[-1] = OpenComparedSet(*subjects->b, static_cast<size_t>(setting));
}

// Every setting against B, or without B against its reference setting, which has a row of its own for what needs none.
void OpenSettings(const Command& command, Subjects* subjects) {
  subjects->a = std::make_unique<ResultReader>(OpenResults({command.inputs[0]}, command.reading));
  const ResultReader& result = *subjects->a;
  const auto& settings = result.header().settings;
  std::vector<size_t> chosen;
  for (const auto& label : command.settings) chosen.push_back(FindSetting(result, label));
  if (command.settings.empty())
    for (size_t k = 0; k < settings.size(); ++k) chosen.push_back(k);
  const bool own = !subjects->references.contains(-1);
  for (const size_t k : chosen) {
    Subject subject{.label = settings[k].label, .set = OpenComparedSet(result, k)};
    subject.place = own ? ReferenceOf(settings, k) : -1;
    subject.is_reference = own && subject.place == static_cast<int>(k);
    if (own && subject.place < 0) Fail("{}: {} has no reference setting", command.inputs[0], subject.label);
    if (own && !subject.is_reference && !subjects->references.contains(subject.place))
      subjects->references[subject.place] = OpenComparedSet(result, static_cast<size_t>(subject.place));
    subjects->all.push_back(std::move(subject));
  }
}

Subjects OpenSubjects(const Command& command) {
  Subjects subjects;
  OpenReference(command, &subjects);
  if (IsResult(command.inputs[0])) {
    OpenSettings(command, &subjects);
    if (!command.save_stats.empty() && subjects.all.size() != 1)
      Fail("--save-stats: of one setting; choose it with --setting");
  } else {
    subjects.all.push_back({.label = "", .set = OpenComparedSet(command.inputs[0], command.collections)});
  }
  for (auto& subject : subjects.all)
    if (const auto found = subjects.references.find(subject.place); found != subjects.references.end() && !subject.is_reference)
      subject.reference = &found->second;
  return subjects;
}

// Requests that no subject can meet, found before anything is read. Error when nothing is left to measure.
std::vector<std::string> FindUnmetRequests(const Command& command, const Subjects& subjects) {
  std::map<std::string, std::string> unmet;
  std::map<std::string, size_t> times;
  for (const auto& subject : subjects.all) {
    for (auto& [name, why] : FindUnmet(subject.set, subject.reference, command.requests, command.networks, command.comparison)) {
      ++times[name];
      // What a setting lacks says more than that the reference is compared with nothing.
      if (!subject.is_reference || !unmet.contains(name)) unmet[name] = why;
    }
  }
  std::vector<std::string> whole;
  for (const auto& request : command.requests)
    if (times[request.name] == subjects.all.size()) whole.push_back(unmet[request.name]);
  const bool others = std::any_of(command.requests.begin(), command.requests.end(), [&](const auto& request) {
    return times[request.name] < subjects.all.size();
  });
  if (!others && subjects.all.size() == 1 && subjects.all[0].is_reference)
    Fail("{}: no setting to compare with the reference", command.inputs[0]);
  if (!others) Fail("{}", fmt::join(whole, "\n"));
  return whole;
}

void SaveStatistics(const Command& command, const Measurement& measured) {
  if (command.save_stats.empty()) return;
  if (measured.pictures.size() != 1)
    Fail("--save-stats: a file holds the statistics of one network's features; the metrics asked for need {}",
         measured.pictures.size());
  WriteStatisticsFile(command.save_stats, measured.pictures.begin()->second, measured.pictures.begin()->first,
                      command.keep_features);
}

// Without a second set only what needs none can be reported.
std::vector<MetricRequest> Reportable(const Command& command, bool has_reference) {
  std::vector<MetricRequest> requests;
  for (const auto& request : command.requests)
    if (has_reference || !request.set || command.save_stats.empty()) requests.push_back(request);
  return requests;
}

void AddRows(const Command& command, const Subject& subject, const Measurement& measured, MetricReport* report) {
  SaveStatistics(command, measured);
  const auto requests = Reportable(command, subject.reference != nullptr);
  for (auto& row : ReportRows(measured, requests, command.networks, TorchSolver(), command.sets, subject.label)) {
    if (subject.is_reference && !row.available && measured.unmet.contains(row.metric)) {
      row.available = true;
      row.note = "the reference that the other settings are compared with";
    }
    report->rows.push_back(std::move(row));
  }
  for (auto& note : ComparisonNotes(subject.set, subject.reference, measured, command.requests, command.networks, command.comparison))
    report->notes.push_back(std::move(note));
}

using SampleTables = std::vector<std::pair<std::string, SampleTable>>;

// B's features are measured once for all settings, as long as all of its pictures are.
bool IsWhole(const FeatureSets& features, const ComparedSet& reference) {
  return !features.empty() && std::all_of(features.begin(), features.end(), [&](const auto& one) {
    return !reference.pictures || reference.pictures->clips() || one.second.count() == reference.pictures->size();
  });
}

MetricReport ReportOn(const Command& command, const Subjects& subjects) {
  const auto b = subjects.references.find(-1);
  MetricReport report;
  report.pictures = subjects.a ? fmt::format("{} ({})", command.inputs[0], subjects.a->header().name)
                               : subjects.all[0].set.description();
  if (b != subjects.references.end()) {
    report.reference = b->second.description();
  } else if (subjects.a) {
    report.reference = "its reference settings";
  }
  return report;
}

void MeasureSubjects(const Command& command, const Subjects& subjects, MetricReport* report, SampleTables* tables) {
  std::map<int, FeatureSets> known;
  ComparisonOptions options = command.comparison;
  if (subjects.a)
    for (const auto& sample : subjects.a->samples()) options.measure.captions[fmt::format("{:06}", sample.id)] = sample.caption;
  for (const auto& subject : subjects.all) {
    const auto found = known.find(subject.place);
    const FeatureSets* features = subject.reference && found != known.end() ? &found->second : nullptr;
    // Samples that one of a run's settings has not done are left out of both.
    options.measure.common_only = subject.place >= 0;
    Measurement measured = CompareSets(subject.set, subject.reference, command.requests, command.networks, options, features);
    if (subjects.all.size() > 1 && subject.reference && !features && IsWhole(measured.reference, *subject.reference))
      known[subject.place] = measured.reference;
    AddRows(command, subject, measured, report);
    if (!measured.samples.names.empty()) tables->emplace_back(subject.label, std::move(measured.samples));
  }
}

Command ReadCommand(const po::variables_map& values) {
  Command command;
  if (values.contains("input")) command.inputs = values["input"].as<std::vector<std::string>>();
  if (command.inputs.empty() || command.inputs.size() > 2)
    Fail("skipbench metrics: A (what is measured) and B (the reference) were expected, found {} paths",
         command.inputs.size());
  if (values.contains("save-stats")) command.save_stats = values["save-stats"].as<std::string>();
  command.keep_features = values["keep-features"].as<bool>();
  command.allow_missing = values["allow-missing"].as<bool>();
  command.comparison.pair = !values["unpaired"].as<bool>();
  command.comparison.features_only = !command.save_stats.empty();
  if (command.keep_features && command.save_stats.empty())
    Fail("skipbench metrics: --keep-features is for --save-stats");
  auto names = values.contains("metric") ? SplitAtCommas(values["metric"].as<std::vector<std::string>>())
                                         : std::vector<std::string>{};
  if (names.empty() && !command.save_stats.empty()) names = {"fid"};
  if (names.empty())
    Fail("skipbench metrics: --metric: at least one name was expected; `skipbench list metrics` lists them");
  command.requests = RequestMetrics(names, "skipbench metrics: --metric");
  for (const auto& request : command.requests)
    if (request.sample && !request.sample->needs_pictures)
      Fail("skipbench metrics: --metric: {} needs latents, which pictures do not have; name it in a run's config",
           request.name);
  command.collections.clips = values["clips"].as<bool>();
  if (values.contains("setting")) command.settings = values["setting"].as<std::vector<std::string>>();
  if (!command.settings.empty() && !IsResult(command.inputs[0]))
    Fail("skipbench metrics: --setting chooses of a result; {} is none", command.inputs[0]);
  command.comparison.measure.threads = values["threads"].as<int>();
  RequireThreads(command.comparison.measure.threads, "skipbench metrics: --threads");
  command.comparison.measure.batch_size = values["batch"].as<int64_t>();
  if (command.comparison.measure.batch_size < 1 || command.comparison.measure.batch_size > 4096)
    Fail("skipbench metrics: --batch: expected 1 to 4096, found {}", command.comparison.measure.batch_size);
  command.comparison.measure.skip_broken = values["skip-broken"].as<bool>();
  if (values.contains("frames")) {
    command.collections.frames = values["frames"].as<int64_t>();
    if (!command.collections.clips) Fail("skipbench metrics: --frames is for clips (--clips)");
    if (command.collections.frames < 1 || command.collections.frames > 65536)
      Fail("skipbench metrics: --frames: expected 1 to 65536, found {}", command.collections.frames);
  }
  command.comparison.measure.quiet = values["quiet"].as<bool>();
  if (values.contains("captions")) command.comparison.measure.captions = ReadCaptionsByName(values["captions"].as<std::string>());
  command.sets.blocks = values["blocks"].as<int64_t>();
  if (command.sets.blocks < 0 || command.sets.blocks > 1000)
    Fail("skipbench metrics: --blocks: expected 0 to 1000, found {}", command.sets.blocks);
  FeatureNetworkOptions weights;
  if (values.contains("metric-weights"))
    for (const auto& list : values["metric-weights"].as<std::vector<std::string>>())
      for (auto& path : SplitPaths(list)) weights.weights.push_back(std::move(path));
  command.networks = OpenMetricNetworks(
      command.requests, weights, MissingMetrics(FindMetricFiles(command.requests, weights), command.allow_missing));
  return command;
}

}  // namespace

int Metrics(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "A, what is measured, and B, the reference: folders of pictures, LSUN databases, CIFAR-10's binary files, arrays of "
                        "pictures (.npz, .npy), results, or statistics files (.npz). Of a result every setting is a row; without B against its "
                        "own reference")(
      "metric,m", po::value<std::vector<std::string>>()->composing(),
      "names, separated by commas: see `skipbench list metrics`")(
      "clips", po::bool_switch(),
      "the folders hold clips: sub-folders of frames, numbered pictures (walk_000.png, walk_001.png, ...), animated PNG and GIF files, "
      "videos (with libav)")(
      "frames", po::value<int64_t>(), "of clips in folders: take the first so many frames of each")(
      "skip-broken", po::bool_switch(), "leave out pictures that cannot be read (with their partners), and count them")(
      "setting", po::value<std::vector<std::string>>()->composing(),
      "of a result: measure this setting only (its label; may be given again)")(
      "metric-weights,w", po::value<std::vector<std::string>>()->composing(),
      "folders to look for the metrics' weights in, separated by colons")(
      "allow-missing", po::bool_switch(),
      "a metric without weights, or that A and B cannot give, gets a row that says \"not available\"; the rest is "
      "computed, and the exit code is 0")(
      "unpaired", po::bool_switch(),
      "metrics of sets take A and B as independent also where their pictures pair by name")(
      "captions", po::value<std::string>(),
      "captions in MS-COCO's format, for metrics that need them (caption_accuracy)")(
      "save-stats", po::value<std::string>(),
      "write mean and covariance of A's features to this .npz file (default metric: fid)")(
      "keep-features", po::bool_switch(), "with --save-stats: the features themselves and the pictures' names too (kid and prc need the features, pairs the "
      "names)")(
      "per-sample", po::value<std::string>(), "write every picture's (or clip's) values to this CSV file")(
      "per-frame", po::value<std::string>(), "of clips: write every frame's values to this CSV file")(
      "blocks", po::value<int64_t>()->default_value(20),
      "of the jackknife that gives metrics of sets their intervals; 0: none")(
      "batch", po::value<int64_t>()->default_value(32), "samples handed to a network at once")(
      "threads", po::value<int>()->default_value(0), "that read and decode (default: as many as processors)")(
      "format,f", po::value<std::string>()->default_value("markdown"), "markdown, csv or json")(
      "quiet,q", po::bool_switch(), "no progress line");
  AddReadingOptions(&options);
  const auto values =
      Parse("metrics", "metrics A [B] --metric NAME[,NAME...] [--metric-weights DIR] [--clips] [--save-stats FILE] [--unchecked]",
            options, args);
  Command command = ReadCommand(values);
  command.reading = ReadingOptions(values);
  const Subjects subjects = OpenSubjects(command);
  const std::vector<std::string> unmet = FindUnmetRequests(command, subjects);
  MetricReport report = ReportOn(command, subjects);
  SampleTables tables;
  MeasureSubjects(command, subjects, &report, &tables);
  if (values.contains("per-sample"))
    WriteFileAtomically(values["per-sample"].as<std::string>(), RenderSamplesCsv(tables, false));
  if (values.contains("per-frame"))
    WriteFileAtomically(values["per-frame"].as<std::string>(), RenderSamplesCsv(tables, true));
  if (!command.save_stats.empty()) report.notes.push_back("statistics of A: " + command.save_stats);
  fmt::print("{}", Render(report, values["format"].as<std::string>()));
  if (unmet.empty() || command.allow_missing) return 0;
  // What could be measured is printed; that something could not be is no success.
  std::fflush(stdout);
  for (const auto& why : unmet) fmt::print(stderr, "skipbench: {}\n", why);
  return 3;
}

}  // namespace skipbench::cli
