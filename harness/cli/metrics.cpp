// skipbench metrics A [B]: A is what is measured, B the reference.
#include <cstdio>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/evaluation/subjects.h"
#include "harness/io/files/atomic_file.h"
#include "harness/report/tables/metric_report.h"
#include "harness/runtime/device.h"

namespace skipbench::cli {

namespace {

Texts SplitAtCommas(const Texts& lists) {
  Texts parts;
  for (const auto& list : lists) {
    std::istringstream in(list);
    for (std::string one; std::getline(in, one, ',');)
      if (!one.empty()) parts.push_back(one);
  }
  return parts;
}

struct Command {
  Texts inputs;
  SubjectOptions subjects;
  bool allow_missing = false;
};

void ReadMeasuring(const Values& values, SubjectOptions* subjects) {
  MeasureOptions& measure = subjects->comparison.measure;
  subjects->collections.clips = values.IsSet("clips");
  measure.threads = values.Get<int>("threads");
  RequireThreads(measure.threads, "skipbench metrics: --threads");
  measure.batch_size = values.Number<int64_t>("batch", 1, 4096);
  measure.skip_broken = values.IsSet("skip-broken");
  measure.quiet = values.IsSet("quiet");
  if (values.Has("frames")) {
    if (!subjects->collections.clips) Fail("skipbench metrics: --frames is for clips (--clips)");
    subjects->collections.frames = values.Number<int64_t>("frames", 1, 65536);
  }
  if (values.Has("captions")) measure.captions = ReadCaptionsByName(values.Text("captions"));
  subjects->sets.blocks = values.Number<int64_t>("blocks", 0, 1000);
}

Command ReadCommand(const Values& values) {
  Command command{.inputs = values.All("input"), .subjects = {}};
  SubjectOptions& subjects = command.subjects;
  if (command.inputs.empty() || command.inputs.size() > 2)
    Fail("skipbench metrics: A (what is measured) and B (the reference) were expected, found {} paths",
         command.inputs.size());
  subjects.save_stats = values.Text("save-stats");
  subjects.keep_features = values.IsSet("keep-features");
  command.allow_missing = values.IsSet("allow-missing");
  subjects.comparison.pair = !values.IsSet("unpaired");
  subjects.comparison.features_only = !subjects.save_stats.empty();
  if (subjects.keep_features && subjects.save_stats.empty())
    Fail("skipbench metrics: --keep-features is for --save-stats");
  Texts names = SplitAtCommas(values.All("metric"));
  if (names.empty() && !subjects.save_stats.empty()) names = {"fid"};
  if (names.empty())
    Fail("skipbench metrics: --metric: at least one name was expected; `skipbench list metrics` lists them");
  subjects.requests = RequestMetrics(names, "skipbench metrics: --metric");
  for (const auto& request : subjects.requests)
    if (request.sample && !request.sample->needs_pictures)
      Fail("skipbench metrics: --metric: {} needs latents, which pictures do not have; name it in a run's config",
           request.name);
  subjects.settings = values.All("setting");
  if (!subjects.settings.empty() && !IsResult(command.inputs[0]))
    Fail("skipbench metrics: --setting chooses of a result; {} is none", command.inputs[0]);
  ReadMeasuring(values, &subjects);
  FeatureNetworkOptions weights;
  for (const auto& list : values.All("metric-weights"))
    for (auto& path : SplitPaths(list)) weights.weights.push_back(std::move(path));
  subjects.networks = OpenMetricNetworks(
      subjects.requests, weights, MissingMetrics(FindMetricFiles(subjects.requests, weights), command.allow_missing));
  subjects.reading = ReadingOptions(values);
  return command;
}

}  // namespace

int Metrics(const Texts& args) {
  const Values values = Parse(
      "metrics",
      "metrics A [B] --metric NAME[,NAME...] [--metric-weights DIR] [--clips] [--save-stats FILE] [--unchecked]",
      {Input("A, what is measured, and B, the reference: folders of pictures, LSUN databases, CIFAR-10's binary files, "
             "arrays of pictures (.npz, .npy), results, or statistics files (.npz). Of a result every setting is a "
             "row; without B against its own reference"),
       Repeated("metric,m", "names, separated by commas: see `skipbench list metrics`"),
       Flag("clips",
            "the folders hold clips: sub-folders of frames, numbered pictures (walk_000.png, walk_001.png, ...), "
            "animated PNG and GIF files, videos (with libav)"),
       Optional<int64_t>("frames", "of clips in folders: take the first so many frames of each"),
       Flag("skip-broken", "leave out pictures that cannot be read (with their partners), and count them"),
       Repeated("setting", "of a result: measure this setting only (its label; may be given again)"),
       Repeated("metric-weights,w", "folders to look for the metrics' weights in, separated by colons"),
       Flag("allow-missing",
            "a metric without weights, or that A and B cannot give, gets a row that says \"not available\"; the rest "
            "is computed, and the exit code is 0"),
       Flag("unpaired", "metrics of sets take A and B as independent also where their pictures pair by name"),
       Optional<std::string>("captions", "captions in MS-COCO's format, for metrics that need them (caption_accuracy)"),
       Optional<std::string>("save-stats",
                             "write mean and covariance of A's features to this .npz file (default metric: fid)"),
       Flag("keep-features",
            "with --save-stats: the features themselves and the pictures' names too (kid and prc need the features, "
            "pairs the names)"),
       Optional<std::string>("per-sample", "write every picture's (or clip's) values to this CSV file"),
       Optional<std::string>("per-frame", "of clips: write every frame's values to this CSV file"),
       Default<int64_t>("blocks", 20, "of the jackknife that gives metrics of sets their intervals; 0: none"),
       Default<int64_t>("batch", 32, "samples handed to a network at once"),
       Default<int>("threads", 0, "that read and decode (default: as many as processors)"),
       Default<std::string>("format,f", "markdown", "for people or programs").Of({"markdown", "csv", "json"}),
       Quiet(),
       Unchecked()},
      args);
  const std::string format = values.Choice("format", {"markdown", "csv", "json"});
  const Command command = ReadCommand(values);
  const Subjects subjects = OpenSubjects(command.inputs, command.subjects);
  for (const auto* result : {subjects.b.get(), subjects.a.get()})
    if (result) PrintNotes(*result);
  const Texts unmet = FindUnmetRequests(subjects, command.subjects);
  SubjectValues measured = MeasureSubjects(subjects, command.subjects);
  MetricReport report{subjects.pictures, subjects.reference, std::move(measured.values), std::move(measured.notes)};
  for (const auto& [name, frames] : {std::pair("per-sample", false), {"per-frame", true}})
    if (values.Has(name)) WriteFileAtomically(values.Text(name), RenderSamplesCsv(measured.samples, frames));
  if (!command.subjects.save_stats.empty())
    report.notes.push_back("statistics of A: " + command.subjects.save_stats.string());
  fmt::print("{}", format == "markdown" ? RenderMetricsMarkdown(report)
                   : format == "csv"    ? RenderMetricsCsv(report)
                                        : RenderMetricsJson(report));
  if (unmet.empty() || command.allow_missing) return 0;
  // What could be measured is printed; that something could not be is no success.
  std::fflush(stdout);
  for (const auto& why : unmet) fmt::print(stderr, "skipbench: {}\n", why);
  return 3;
}

}  // namespace skipbench::cli
