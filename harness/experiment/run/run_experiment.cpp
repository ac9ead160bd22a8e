#include "harness/experiment/run/run_experiment.h"
#include "harness/experiment/run/describe.h"

#include <algorithm>
#include <memory>

#include "harness/base/progress.h"
#include "harness/experiment/extend/extension.h"
#include "harness/experiment/plan/metric_reference.h"
#include "harness/experiment/run/deciding.h"
#include "harness/experiment/run/latency.h"
#include "harness/experiment/run/path_study.h"
#include "harness/experiment/run/wave.h"
#include "harness/experiment/search/search_phase.h"
#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"

namespace skipbench {
namespace {

std::set<int64_t> CommittedOrdinals(const Plan& plan, const ResultWriter& writer) {
  std::set<int64_t> ordinals;
  for (size_t k = 0; k < plan.samples.size(); ++k)
    if (writer.CommittedSamples().contains(plan.samples[k].id)) ordinals.insert(static_cast<int64_t>(k));
  return ordinals;
}

// What is stored belongs to this plan, sample by sample.
void RequireSamplesOfPlan(const Plan& plan, const ResultWriter& writer) {
  const auto show = [](int64_t id, const std::string& caption, int64_t label) {
    return fmt::format("id {}, \"{}\"{}", id, caption, label >= 0 ? fmt::format(", class {}", label) : "");
  };
  for (const auto& stored : writer.CommittedInfos()) {
    if (stored.ordinal >= std::ssize(plan.samples))
      Fail("{}: holds the sample number {} of the plan, which has {}", writer.folder().string(), stored.ordinal,
           plan.samples.size());
    const Sample& planned = plan.samples[stored.ordinal];
    if (planned.id == stored.id && planned.caption == stored.caption && planned.label == stored.label) continue;
    Fail("{}: the sample number {} of the plan is another one: {} there, {} here ({})", writer.folder().string(),
         stored.ordinal, show(stored.id, stored.caption, stored.label),
         show(planned.id, planned.caption, planned.label), plan.data_description);
  }
}

// What is not committed yet, in stretches of at most a wave. Groups are committed whole, so stretches start at a group;
// a look is at a stretch's end.
std::vector<std::pair<int64_t, int64_t>> OpenWaves(const Plan& plan, const std::set<int64_t>& committed,
                                                   const Deciding* deciding) {
  std::vector<std::pair<int64_t, int64_t>> waves;
  for (int64_t begin = plan.begin; begin < plan.end;) {
    if (committed.contains(begin)) {
      ++begin;
      continue;
    }
    int64_t end = begin;
    const int64_t last = deciding ? std::min(plan.end, deciding->LookAfter(begin)) : plan.end;
    while (end < last && end - begin < plan.config.wave_size && !committed.contains(end)) ++end;
    waves.emplace_back(begin, end);
    begin = end;
  }
  return waves;
}

// In the whole result, also by runs before this one.
int64_t CountFailed(const ResultReader& result) {
  int64_t failed = 0;
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    const auto status = result.Read<double>(k, "status").values;
    failed += std::count(status.begin(), status.end(), static_cast<double>(Status::kFailed));
  }
  return failed;
}

// Says in the results where what is taken was made.
void CommitOrigin(const Extension& extension, const std::vector<std::filesystem::path>& results, ResultWriter* writer) {
  Json names = Json::array();
  for (const auto& result : results) names.push_back(result.lexically_normal().filename().string());
  writer->CommitExtra("extended", [&](hdf5::Group& group) {
    group.SetAttribute("results", names.dump());
    group.SetAttribute("environments", Json(extension.environments()).dump());
  });
}

// What is read must not be what is written, or replaced.
std::unique_ptr<Extension> OpenExtension(const Plan& plan, const RunHeader& header, const RunOptions& options) {
  if (options.extend.empty()) return nullptr;
  for (const auto& result : options.extend) {
    std::error_code error;
    const auto folder = std::filesystem::is_directory(result) ? result : result.parent_path();
    if (std::filesystem::equivalent(folder, options.out, error))
      Fail("{}: is the folder of the result that is extended; give another one to the new result", result.string());
  }
  return std::make_unique<Extension>(plan, header, PlannedColumns(plan, header), options.extend);
}

}  // namespace

RunSummary RunExperiment(Plan& plan, const RunOptions& options) {
  RunSummary summary;
  const RunHeader header = MakeHeader(plan);
  const auto deciding = Deciding::Of(plan, header);
  if (deciding && !options.extend.empty())
    Fail("{}: decide: an earlier result is extended (--extend) by a number of samples, not until something is decided",
         plan.config.file.string());
  const std::unique_ptr<Extension> extension = OpenExtension(plan, header, options);
  ResultWriter writer(options.out, header, options.existing);
  KeptFolder kept(plan, header, options.out, options.extend);
  RequireSamplesOfPlan(plan, writer);
  const auto searched = RunSearches(&plan, &writer, options.quiet);
  CommitSetMetrics(plan, &writer, options.quiet);
  if (deciding) deciding->CommitBaseline(&writer);
  if (extension) summary.notes = extension->notes();
  if (extension) CommitOrigin(*extension, options.extend, &writer);
  const auto committed = CommittedOrdinals(plan, writer);
  summary.samples_found = std::ssize(committed);
  const auto stored = [&](int64_t samples) {
    if (options.stored) options.stored(samples, plan.end - plan.begin);
  };
  stored(summary.samples_found);
  const auto n = static_cast<double>(plan.end - plan.begin);
  {
    Progress progress("sampling", options.quiet);
    double done = static_cast<double>(committed.size());
    progress.Update(done, n);
    if (deciding) deciding->TakeCommitted(writer);
    auto waves = OpenWaves(plan, committed, deciding.get());
    if (extension) waves = extension->Cut(waves);
    for (const auto& [begin, end] : waves) {
      if (deciding) deciding->TakeOthers(options.others);
      if (deciding && !deciding->NeedsAny(begin)) break;
      const double size = static_cast<double>(end - begin);
      const auto needed = deciding ? deciding->NeededFrom(begin) : std::vector<bool>{};
      StoppableWork work(options.stop, size);
      const Wave wave = RunWave(
          plan, begin, end, options.out, needed,
          [&](int64_t calls, int64_t total) {
            const double part = static_cast<double>(calls) / static_cast<double>(total);
            work.Report(part);
            progress.Update(done + size * part, n);
          },
          extension.get(), &kept);
      writer.Commit(wave);
      if (deciding) deciding->Take(wave);
      summary.evaluations += wave.cost.evaluations + wave.cost.shallow_evaluations;
      if (extension) summary.taken += extension->Taken(begin, end);
      summary.samples_done += end - begin;
      done += size;
      progress.Update(done, n);
      stored(summary.samples_found + summary.samples_done);
      work.Done();
    }
  }
  if (const std::string note = kept.Note(); !note.empty()) summary.notes.push_back(note);
  if (plan.config.path_study) RunPathStudy(plan, searched, &writer, options.quiet);
  // Of a run in shards the first one measures latency: of the same samples as the undivided run.
  if (plan.config.latency.samples > 0 && plan.shard.index == 0 && writer.CommittedLatency().empty()) {
    Progress progress("latency", options.quiet);
    StoppableWork work(options.stop, 1);
    writer.CommitLatency(MeasureLatency(plan, [&](int64_t done, int64_t total) {
      work.Report(static_cast<double>(done) / static_cast<double>(total));
      progress.Update(static_cast<double>(done), static_cast<double>(total));
    }));
    work.Done();
  }
  if (options.stop) options.stop->Finishing();
  CommitDistances(plan, &writer);
  const bool stopped = deciding && deciding->decider().finished();
  if (!stopped && summary.samples_found + summary.samples_done != plan.end - plan.begin)
    Fail("{}: {} samples were stored, {} were planned", options.out.string(),
         summary.samples_found + summary.samples_done, plan.end - plan.begin);
  writer.Finish(deciding ? deciding->JoinAs(writer) : JoinOptions{});
  if (deciding) summary.decisions = DecisionsOf(deciding->decider());
  summary.failed = CountFailed(ResultReader::Open(options.out, {.own = true}));
  for (const auto& setting : plan.settings) summary.not_supported += !setting.supported;
  return summary;
}

}  // namespace skipbench
