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

}  // namespace

int Merge(const Texts& args) {
  const Values values = Parse("merge", "merge RESULT... --out DIR [--compact] [--unchecked]",
                              {Input("results of one run: folders (finished or not) or results.h5 files"),
                               Optional<std::string>("out,o", "folder of the merged result"),
                               Flag("compact",
                                    "keep what tables need, compressed: no thumbnails, latents, images, "
                                    "traces or features of single samples"),
                               Unchecked()},
                              args);
  const Texts inputs = InputsOf(values, "merge");
  if (!values.Has("out")) Fail("skipbench merge: --out is missing");
  const fs::path out = values.Text("out");
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
