#include <filesystem>

#include "harness/analysis/decide/record.h"
#include "harness/analysis/set_distances.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/merge.h"
#include "harness/store/result_reader.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

// Of a run that decides: what an undivided one would hold, and its answers.
JoinOptions JoinAs(const Texts& inputs, const Values& values) {
  JoinOptions join{.compact = values.IsSet("compact")};
  ResultReader parts = ResultReader::Open({inputs.begin(), inputs.end()}, ReadingOptions(values));
  const auto decisions = DecisionsOf(parts);
  if (!decisions) return join;
  join.kept = KeptSamples{decisions->until, decisions->end};
  parts.Keep(*join.kept);
  join.part = kDecisionsPart;
  join.fill = [decisions = *decisions, header = parts.header(), n = std::ssize(parts.samples())](hdf5::Group& group) {
    WriteDecisions(group, decisions, header, n);
  };
  return join;
}

// Places of the plan as "4-6, 9": of those that are missing, the first few.
std::string MissingPlaces(const ResultReader& parts) {
  std::string text;
  int64_t expected = 0, ranges = 0;
  const auto add = [&](int64_t end) {  // [expected, end) is missing
    if (expected >= end || ++ranges > 10) return;
    if (!text.empty()) text += ", ";
    text += end - expected == 1 ? fmt::format("{}", expected) : fmt::format("{}-{}", expected, end - 1);
  };
  for (const auto& sample : parts.samples()) {
    add(sample.ordinal);
    expected = sample.ordinal + 1;
  }
  add(parts.header().sample_count);
  return ranges > 10 ? text + ", ..." : text;
}

// Error unless all samples of the plan are there, or all that a run that decides needed. A run's own folder, which
// the run itself joins, has to be joined.
void RequireComplete(const Texts& inputs, const fs::path& out, const Values& values) {
  const ResultReader parts = ResultReader::Open({inputs.begin(), inputs.end()}, ReadingOptions(values));
  const auto decisions = DecisionsOf(parts);
  if (parts.complete() || IsAnswered(parts) || (decisions && decisions->finished)) {
    std::error_code error;
    if (fs::exists(out / kJoinedFile) || !fs::equivalent(inputs[0], out, error)) return;
    Fail("skipbench merge: --complete: {}: all samples are there, but the run has not ended: go on with it", inputs[0]);
  }
  Fail("skipbench merge: --complete: {} of {} samples are missing, number {} of the plan; nothing was merged",
       parts.header().sample_count - std::ssize(parts.samples()), parts.header().sample_count, MissingPlaces(parts));
}

}  // namespace

int Merge(const Texts& args) {
  const Values values = Parse("merge", "merge RESULT... --out DIR [--complete] [--compact] [--unchecked]",
                              {Input("results of one run: folders (finished or not) or results.h5 files"),
                               Optional<std::string>("out,o", "folder of the merged result"),
                               Flag("complete", "merge only when all samples are there, else say which are missing"),
                               Flag("compact",
                                    "keep what tables need, compressed: no thumbnails, latents, images, "
                                    "traces or features of single samples"),
                               Unchecked()},
                              args);
  const Texts inputs = InputsOf(values, "merge");
  if (!values.Has("out")) Fail("skipbench merge: --out is missing");
  const fs::path out = values.Text("out");
  if (values.IsSet("complete")) RequireComplete(inputs, out, values);
  const MergeSummary summary =
      MergeResults({inputs.begin(), inputs.end()}, out, ReadingOptions(values), JoinAs(inputs, values));
  for (const auto& note : summary.notes) fmt::print(stderr, "skipbench: {}; what was added is not merged\n", note);
  const ResultReader merged = ResultReader::Open(out, {.known = CatalogMetrics()});
  fmt::print("{}\n", RenderMarkdown(MakeTable(merged, SetDistances(merged))));
  const JsonReader config(merged.header().config, "config");
  WriteSheet(merged, static_cast<int>(config.IntOr("contact_sheet", 0)), out);
  fmt::print("merged {} of {} samples into {}\n", summary.samples, summary.planned, out.string());
  const bool stopped = summary.samples < summary.planned && IsAnswered(merged);
  if (summary.samples < summary.planned && !stopped)
    fmt::print(stderr,
               "skipbench: {} samples of the plan are missing: merge the other shards too, or finish with run --resume "
               "--out {}\n",
               summary.planned - summary.samples, out.string());
  return 0;
}

}  // namespace skipbench::cli
