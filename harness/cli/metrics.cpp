// skipbench metrics A [B]: A is what is measured, B the reference.
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <sstream>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/evaluation/captions.h"
#include "harness/evaluation/evaluate.h"
#include "harness/evaluation/metric_report.h"
#include "harness/evaluation/result_distances.h"
#include "harness/evaluation/set_rows.h"
#include "harness/evaluation/statistics_file.h"
#include "harness/io/atomic_file.h"
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

bool IsStatistics(const fs::path& path) { return path.extension() == ".npz"; }

bool IsResult(const fs::path& path) {
  return path.extension() == ".h5" || fs::exists(path / kJoinedFile) || fs::exists(path / kSegmentFolder);
}

struct Command {
  std::vector<std::string> inputs;
  std::vector<MetricRequest> requests;
  MetricNetworks networks;
  FolderContent content = FolderContent::kPictures;
  MeasureOptions measure;
  SetOptions sets;
  std::vector<std::string> settings;  // --setting
  std::string save_stats;
  bool keep_features = false;
};

// Reads the statistics file of every network that a metric compares the features of. `measured`: the file is A.
FeatureSets ReadStatistics(const Command& command, const fs::path& path, bool measured) {
  FeatureSets sets;
  for (const auto& request : command.requests) {
    if (!command.networks.Available(request)) continue;
    if (request.needs_pairs() || (measured && !request.set))
      Fail("{} needs pictures; {} holds statistics of features", request.name, path.string());
    if (request.set) sets[request.set->network] = ReadStatisticsFile(path, request.set->network);
  }
  return sets;
}

// A result's settings, by label.
size_t FindSetting(const ResultReader& result, const std::string& label) {
  std::vector<std::string> known;
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    if (result.header().settings[k].label == label) return k;
    known.push_back(result.header().settings[k].label);
  }
  Fail("--setting {}: the results have no such setting; they have\n  {}{}", label, fmt::join(known, "\n  "), DidYouMean(label, known));
}

// B, whatever it is.
struct Reference {
  std::unique_ptr<ResultReader> result;
  std::unique_ptr<PictureSource> pictures;
  FeatureSets features;  // of a statistics file, or computed once for several settings
};

Reference OpenReference(const Command& command) {
  Reference reference;
  if (command.inputs.size() < 2) return reference;
  const fs::path path = command.inputs[1];
  if (IsStatistics(path)) {
    reference.features = ReadStatistics(command, path, false);
  } else if (IsResult(path)) {
    reference.result = std::make_unique<ResultReader>(ResultReader::Open(path));
    const int setting = ReferenceOf(reference.result->header().settings, 0);
    if (setting < 0) Fail("{}: no setting of it is a reference", path.string());
    reference.pictures = OpenResultPictures(*reference.result, static_cast<size_t>(setting));
  } else {
    reference.pictures = OpenPictureFolder(path, command.content);
  }
  return reference;
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

void AddRows(const Command& command, const Measurement& measured, const std::string& subject, MetricReport* report) {
  SaveStatistics(command, measured);
  const auto requests = Reportable(command, !measured.reference.empty() || measured.paired);
  for (auto& row : ReportRows(measured, requests, command.networks, TorchSolver(), command.sets, subject))
    report->rows.push_back(std::move(row));
}

using SampleTables = std::vector<std::pair<std::string, SampleTable>>;

void MeasureFolder(const Command& command, MetricReport* report, SampleTables* tables) {
  Reference reference = OpenReference(command);
  Measurement measured;
  if (IsStatistics(command.inputs[0])) {
    if (!reference.pictures && reference.features.empty()) Fail("skipbench metrics: a second set was expected");
    report->pictures = command.inputs[0];
    if (reference.pictures)
      measured.pictures =
          Measure(*reference.pictures, nullptr, command.requests, command.networks, command.measure).pictures;
    std::swap(measured.pictures, measured.reference);
    measured.pictures = ReadStatistics(command, command.inputs[0], true);
  } else {
    const auto pictures = OpenPictureFolder(command.inputs[0], command.content);
    report->pictures = pictures->description();
    measured = Measure(*pictures, reference.pictures.get(), command.requests, command.networks, command.measure);
  }
  for (auto& [network, features] : reference.features) measured.reference[network] = std::move(features);
  if (command.inputs.size() > 1)
    report->reference = reference.pictures ? reference.pictures->description() : command.inputs[1];
  AddRows(command, measured, "", report);
  tables->emplace_back("", std::move(measured.samples));
}

// Without pictures in the results: from the features that they hold, if those are all that the metrics need.
bool OnStoredFeatures(const Command& command, const ResultReader& result, size_t setting) {
  if (result.FindColumn(setting, "images")) return false;
  return std::all_of(command.requests.begin(), command.requests.end(), [&](const auto& request) {
    return request.set && !request.set->network.empty() &&
           result.FindColumn(setting, "features/" + FeatureColumn(request.set->network));
  });
}

// `reference`: -1: B's features are given.
Measurement FromStoredFeatures(const Command& command, const ResultReader& result, size_t setting, int reference) {
  Measurement measured;
  measured.paired = reference >= 0;
  std::vector<bool> rows = DoneSamples(result, setting);
  if (reference >= 0) {
    const auto other = DoneSamples(result, static_cast<size_t>(reference));
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = rows[i] && other[i];
  }
  for (const auto& request : command.requests) {
    const std::string& network = request.set->network;
    measured.pictures[network] = StoredFeatures(result, setting, network, rows);
    if (reference >= 0)
      measured.reference[network] = StoredFeatures(result, static_cast<size_t>(reference), network, rows);
  }
  return measured;
}

// B's features, from its pictures unless it is a statistics file.
FeatureSets FeaturesOfReference(const Command& command, const Reference& reference) {
  if (!reference.pictures) return reference.features;
  return Measure(*reference.pictures, nullptr, command.requests, command.networks, command.measure).pictures;
}

// Every setting against B, or without B against the reference setting of its own run.
void MeasureResult(const Command& command, MetricReport* report, SampleTables* tables) {
  const ResultReader result = ResultReader::Open(command.inputs[0]);
  const auto& settings = result.header().settings;
  Reference reference = OpenReference(command);
  const bool own = command.inputs.size() < 2;
  report->pictures = fmt::format("{} ({})", command.inputs[0], result.header().name);
  report->reference = own                  ? "its reference settings"
                      : reference.pictures ? reference.pictures->description()
                                           : command.inputs[1];
  std::vector<size_t> chosen;
  for (const auto& label : command.settings) chosen.push_back(FindSetting(result, label));
  for (size_t k = 0; chosen.empty() && k < settings.size(); ++k) chosen.push_back(k);
  if (command.settings.empty() && own) std::erase_if(chosen, [&](size_t k) { return settings[k].reference; });
  if (chosen.empty()) Fail("{}: no setting to compare with the reference", command.inputs[0]);
  if (!command.save_stats.empty() && chosen.size() != 1) Fail("--save-stats: of one setting; choose it with --setting");
  std::map<int, FeatureSets> known;  // features of references, by setting; -1: of B
  if (!own) known[-1] = reference.features;
  MeasureOptions options = command.measure;
  for (const auto& sample : result.samples()) options.captions[fmt::format("{:06}", sample.id)] = sample.caption;
  for (const size_t k : chosen) {
    const int place = own ? ReferenceOf(settings, k) : -1;
    if (own && place < 0) Fail("{}: {} has no reference setting", command.inputs[0], settings[k].label);
    if (OnStoredFeatures(command, result, k)) {
      Measurement measured = FromStoredFeatures(command, result, k, place);
      if (!own && known[-1].empty()) known[-1] = FeaturesOfReference(command, reference);
      if (!own) measured.reference = known[-1];
      AddRows(command, measured, settings[k].label, report);
      continue;
    }
    const auto pictures = OpenResultPictures(result, k);
    const auto own_reference = own ? OpenResultPictures(result, static_cast<size_t>(place)) : nullptr;
    const PictureSource* against = own ? own_reference.get() : reference.pictures.get();
    options.reference_features = !known.contains(place) || known[place].empty();
    Measurement measured = Measure(*pictures, against, command.requests, command.networks, options);
    if (options.reference_features) {
      known[place] = measured.reference;
    } else {
      measured.reference = known[place];
    }
    AddRows(command, measured, settings[k].label, report);
    tables->emplace_back(settings[k].label, std::move(measured.samples));
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
  if (values["clips"].as<bool>()) command.content = FolderContent::kClips;
  if (values.contains("setting")) command.settings = values["setting"].as<std::vector<std::string>>();
  if (!command.settings.empty() && !IsResult(command.inputs[0]))
    Fail("skipbench metrics: --setting chooses of a result; {} is none", command.inputs[0]);
  command.measure.threads = values["threads"].as<int>();
  command.measure.batch_size = values["batch"].as<int64_t>();
  if (command.measure.batch_size < 1 || command.measure.batch_size > 4096)
    Fail("skipbench metrics: --batch: expected 1 to 4096, found {}", command.measure.batch_size);
  command.measure.quiet = values["quiet"].as<bool>();
  if (values.contains("captions")) command.measure.captions = ReadCaptionsByName(values["captions"].as<std::string>());
  command.sets.blocks = values["blocks"].as<int64_t>();
  if (command.sets.blocks < 0 || command.sets.blocks > 1000)
    Fail("skipbench metrics: --blocks: expected 0 to 1000, found {}", command.sets.blocks);
  FeatureNetworkOptions weights;
  if (values.contains("metric-weights"))
    for (const auto& list : values["metric-weights"].as<std::vector<std::string>>())
      for (auto& path : SplitPaths(list)) weights.weights.push_back(std::move(path));
  command.networks = OpenMetricNetworks(
      command.requests, weights, MissingMetrics(FindMetricFiles(command.requests, weights), values["allow-missing"].as<bool>()));
  return command;
}

}  // namespace

int Metrics(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "A, what is measured, and B, the reference: folders of PNG and JPEG pictures, results, or "
                        "statistics files (.npz). A result without B: its settings against their own references")(
      "metric,m", po::value<std::vector<std::string>>()->composing(),
      "names, separated by commas: see `skipbench list metrics`")(
      "clips", po::bool_switch(),
      "the folders hold clips: sub-folders of frames, or numbered pictures (walk_000.png, walk_001.png, ...)")(
      "setting", po::value<std::vector<std::string>>()->composing(),
      "of a result: measure this setting only (its label; may be given again)")(
      "metric-weights,w", po::value<std::vector<std::string>>()->composing(),
      "folders to look for the metrics' weights in, separated by colons")(
      "allow-missing", po::bool_switch(),
      "a metric without weights gets a row that says \"not available\"; the rest is computed")(
      "captions", po::value<std::string>(),
      "captions in MS-COCO's format, for metrics that need them (caption_accuracy)")(
      "save-stats", po::value<std::string>(),
      "write mean and covariance of A's features to this .npz file (default metric: fid)")(
      "keep-features", po::bool_switch(), "with --save-stats: the features themselves too (kid and prc need them)")(
      "per-sample", po::value<std::string>(), "write every picture's (or clip's) values to this CSV file")(
      "per-frame", po::value<std::string>(), "of clips: write every frame's values to this CSV file")(
      "blocks", po::value<int64_t>()->default_value(20),
      "of the jackknife that gives metrics of sets their intervals; 0: none")(
      "batch", po::value<int64_t>()->default_value(32), "samples handed to a network at once")(
      "threads", po::value<int>()->default_value(0), "that read and decode (default: as many as processors)")(
      "format,f", po::value<std::string>()->default_value("markdown"), "markdown, csv or json")(
      "quiet,q", po::bool_switch(), "no progress line");
  const auto values =
      Parse("metrics", "metrics A [B] --metric NAME[,NAME...] [--metric-weights DIR] [--clips] [--save-stats FILE]",
            options, args);
  const Command command = ReadCommand(values);
  MetricReport report;
  SampleTables tables;
  (IsResult(command.inputs[0]) ? MeasureResult : MeasureFolder)(command, &report, &tables);
  if (values.contains("per-sample"))
    WriteFileAtomically(values["per-sample"].as<std::string>(), RenderSamplesCsv(tables, false));
  if (values.contains("per-frame"))
    WriteFileAtomically(values["per-frame"].as<std::string>(), RenderSamplesCsv(tables, true));
  if (!command.save_stats.empty()) report.notes.push_back("statistics of A: " + command.save_stats);
  fmt::print("{}", Render(report, values["format"].as<std::string>()));
  return 0;
}

}  // namespace skipbench::cli
