// skipbench metrics A [B]: A is what is measured, B the reference.
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/evaluation/captions.h"
#include "harness/evaluation/subjects.h"
#include "harness/io/files/atomic_file.h"
#include "harness/report/tables/metric_report.h"
#include "harness/runtime/threads.h"

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

std::string Render(const MetricReport& report, const std::string& format) {
  if (format == "markdown") return RenderMetricsMarkdown(report);
  if (format == "csv") return RenderMetricsCsv(report);
  if (format == "json") return RenderMetricsJson(report);
  Fail("skipbench metrics: --format: expected markdown, csv or json, found \"{}\"{}", format,
       DidYouMean(format, {"markdown", "csv", "json"}));
}

struct Command {
  std::vector<std::string> inputs;
  SubjectOptions subjects;
  bool allow_missing = false;
};

Command ReadCommand(const po::variables_map& values) {
  Command command;
  if (values.contains("input")) command.inputs = values["input"].as<std::vector<std::string>>();
  if (command.inputs.empty() || command.inputs.size() > 2)
    Fail("skipbench metrics: A (what is measured) and B (the reference) were expected, found {} paths",
         command.inputs.size());
  if (values.contains("save-stats")) command.subjects.save_stats = values["save-stats"].as<std::string>();
  command.subjects.keep_features = values["keep-features"].as<bool>();
  command.allow_missing = values["allow-missing"].as<bool>();
  command.subjects.comparison.pair = !values["unpaired"].as<bool>();
  command.subjects.comparison.features_only = !command.subjects.save_stats.empty();
  if (command.subjects.keep_features && command.subjects.save_stats.empty())
    Fail("skipbench metrics: --keep-features is for --save-stats");
  auto names = values.contains("metric") ? SplitAtCommas(values["metric"].as<std::vector<std::string>>())
                                         : std::vector<std::string>{};
  if (names.empty() && !command.subjects.save_stats.empty()) names = {"fid"};
  if (names.empty())
    Fail("skipbench metrics: --metric: at least one name was expected; `skipbench list metrics` lists them");
  command.subjects.requests = RequestMetrics(names, "skipbench metrics: --metric");
  for (const auto& request : command.subjects.requests)
    if (request.sample && !request.sample->needs_pictures)
      Fail("skipbench metrics: --metric: {} needs latents, which pictures do not have; name it in a run's config",
           request.name);
  command.subjects.collections.clips = values["clips"].as<bool>();
  if (values.contains("setting")) command.subjects.settings = values["setting"].as<std::vector<std::string>>();
  if (!command.subjects.settings.empty() && !IsResult(command.inputs[0]))
    Fail("skipbench metrics: --setting chooses of a result; {} is none", command.inputs[0]);
  command.subjects.comparison.measure.threads = values["threads"].as<int>();
  RequireThreads(command.subjects.comparison.measure.threads, "skipbench metrics: --threads");
  command.subjects.comparison.measure.batch_size = values["batch"].as<int64_t>();
  if (command.subjects.comparison.measure.batch_size < 1 || command.subjects.comparison.measure.batch_size > 4096)
    Fail("skipbench metrics: --batch: expected 1 to 4096, found {}", command.subjects.comparison.measure.batch_size);
  command.subjects.comparison.measure.skip_broken = values["skip-broken"].as<bool>();
  if (values.contains("frames")) {
    command.subjects.collections.frames = values["frames"].as<int64_t>();
    if (!command.subjects.collections.clips) Fail("skipbench metrics: --frames is for clips (--clips)");
    if (command.subjects.collections.frames < 1 || command.subjects.collections.frames > 65536)
      Fail("skipbench metrics: --frames: expected 1 to 65536, found {}", command.subjects.collections.frames);
  }
  command.subjects.comparison.measure.quiet = values["quiet"].as<bool>();
  if (values.contains("captions"))
    command.subjects.comparison.measure.captions = ReadCaptionsByName(values["captions"].as<std::string>());
  command.subjects.sets.blocks = values["blocks"].as<int64_t>();
  if (command.subjects.sets.blocks < 0 || command.subjects.sets.blocks > 1000)
    Fail("skipbench metrics: --blocks: expected 0 to 1000, found {}", command.subjects.sets.blocks);
  FeatureNetworkOptions weights;
  if (values.contains("metric-weights"))
    for (const auto& list : values["metric-weights"].as<std::vector<std::string>>())
      for (auto& path : SplitPaths(list)) weights.weights.push_back(std::move(path));
  command.subjects.networks =
      OpenMetricNetworks(command.subjects.requests, weights,
                         MissingMetrics(FindMetricFiles(command.subjects.requests, weights), command.allow_missing));
  return command;
}

}  // namespace

int Metrics(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "A, what is measured, and B, the reference: folders of pictures, LSUN databases, CIFAR-10's "
                        "binary files, arrays of "
                        "pictures (.npz, .npy), results, or statistics files (.npz). Of a result every setting is a "
                        "row; without B against its "
                        "own reference")("metric,m", po::value<std::vector<std::string>>()->composing(),
                                         "names, separated by commas: see `skipbench list metrics`")(
      "clips", po::bool_switch(),
      "the folders hold clips: sub-folders of frames, numbered pictures (walk_000.png, walk_001.png, ...), animated "
      "PNG and GIF files, "
      "videos (with libav)")("frames", po::value<int64_t>(),
                             "of clips in folders: take the first so many frames of each")(
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
      "keep-features", po::bool_switch(),
      "with --save-stats: the features themselves and the pictures' names too (kid and prc need the features, pairs "
      "the "
      "names)")("per-sample", po::value<std::string>(), "write every picture's (or clip's) values to this CSV file")(
      "per-frame", po::value<std::string>(), "of clips: write every frame's values to this CSV file")(
      "blocks", po::value<int64_t>()->default_value(20),
      "of the jackknife that gives metrics of sets their intervals; 0: none")(
      "batch", po::value<int64_t>()->default_value(32), "samples handed to a network at once")(
      "threads", po::value<int>()->default_value(0), "that read and decode (default: as many as processors)")(
      "format,f", po::value<std::string>()->default_value("markdown"), "markdown, csv or json")(
      "quiet,q", po::bool_switch(), "no progress line");
  AddReadingOptions(&options);
  const auto values =
      Parse("metrics",
            "metrics A [B] --metric NAME[,NAME...] [--metric-weights DIR] [--clips] [--save-stats FILE] [--unchecked]",
            options, args);
  Command command = ReadCommand(values);
  command.subjects.reading = ReadingOptions(values);
  const Subjects subjects = OpenSubjects(command.inputs, command.subjects);
  for (const auto* result : {subjects.b.get(), subjects.a.get()})
    if (result) PrintNotes(*result);
  const std::vector<std::string> unmet = FindUnmetRequests(subjects, command.subjects);
  SubjectValues measured = MeasureSubjects(subjects, command.subjects);
  MetricReport report{subjects.pictures, subjects.reference, std::move(measured.values), std::move(measured.notes)};
  if (values.contains("per-sample"))
    WriteFileAtomically(values["per-sample"].as<std::string>(), RenderSamplesCsv(measured.samples, false));
  if (values.contains("per-frame"))
    WriteFileAtomically(values["per-frame"].as<std::string>(), RenderSamplesCsv(measured.samples, true));
  if (!command.subjects.save_stats.empty())
    report.notes.push_back("statistics of A: " + command.subjects.save_stats.string());
  fmt::print("{}", Render(report, values["format"].as<std::string>()));
  if (unmet.empty() || command.allow_missing) return 0;
  // What could be measured is printed; that something could not be is no success.
  std::fflush(stdout);
  for (const auto& why : unmet) fmt::print(stderr, "skipbench: {}\n", why);
  return 3;
}

}  // namespace skipbench::cli
