#include "harness/experiment/run/run_experiment.h"
#include "harness/experiment/run/describe.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "harness/base/progress.h"
#include "harness/experiment/extend/extension.h"
#include "harness/experiment/plan/metric_reference.h"
#include "harness/experiment/run/deciding.h"
#include "harness/experiment/run/latency.h"
#include "harness/experiment/run/path_study.h"
#include "harness/experiment/run/wave.h"
#include "harness/experiment/search/search_phase.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/latency.h"
#include "harness/store/path_study_record.h"
#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"

namespace skipbench {
namespace {

// Where a result was taken from.
constexpr const char* kExtendedPart = "extended";

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
  writer->CommitExtra(kExtendedPart, [&](hdf5::Group& group) {
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

class Experiment {
 public:
  Experiment(Plan& plan, const RunOptions& options)
      : plan_(plan),
        options_(options),
        header_(MakeHeader(plan)),
        deciding_(Deciding::Of(plan, header_)),
        extension_(OpenTaken()),
        share_(options.share ? std::make_unique<WorkShare>(options.out, *options.share) : nullptr),
        writer_(OpenWriter()),
        kept_(plan, header_, options.out, options.extend, /*alone=*/!share_) {
    RequireSamplesOfPlan(plan_, *writer_);
    if (share_) share_->Attach(writer_.get());
    if (extension_) summary_.notes = extension_->notes();
  }

  RunSummary Run() {
    if (share_) {
      RunShared();
    } else {
      RunAlone();
    }
    summary_.failed = CountFailed(ResultReader::Open(options_.out, {.own = true}));
    for (const auto& setting : plan_.settings) summary_.not_supported += !setting.supported;
    return std::move(summary_);
  }

 private:
  using Stretch = std::pair<int64_t, int64_t>;

  std::unique_ptr<Extension> OpenTaken() const {
    if (deciding_ && !options_.extend.empty())
      Fail(
          "{}: decide: an earlier result is extended (--extend) by a number of samples, not until something is decided",
          plan_.config.file.string());
    return OpenExtension(plan_, header_, options_);
  }

  std::unique_ptr<ResultWriter> OpenWriter() const {
    try {
      return std::make_unique<ResultWriter>(options_.out, header_,
                                            share_ ? ResultWriter::Existing::kShare : options_.existing);
    } catch (const Error&) {
      if (share_) share_->LeaveNothing();  // in a folder that is another run's
      throw;
    }
  }

  int64_t planned() const { return plan_.end - plan_.begin; }
  void Stored(int64_t samples) const {
    if (options_.stored) options_.stored(samples, planned());
  }

  // What is to be run, as this process finds the folder.
  std::vector<Stretch> CutWaves() {
    const auto committed = CommittedOrdinals(plan_, *writer_);
    summary_.samples_found = std::ssize(committed);
    if (deciding_) deciding_->TakeCommitted(*writer_);
    auto waves = OpenWaves(plan_, committed, deciding_.get());
    return extension_ ? extension_->Cut(waves) : waves;
  }

  // Runs and stores a wave, `done` samples of all being stored.
  void RunOne(const Stretch& stretch, int64_t done, Progress& progress) {
    const auto [begin, end] = stretch;
    const auto n = static_cast<double>(planned());
    const double size = static_cast<double>(end - begin);
    const auto needed = deciding_ ? deciding_->NeededFrom(begin) : std::vector<bool>{};
    StoppableWork work(options_.stop, size);
    const Wave wave = RunWave(
        plan_, begin, end, options_.out, needed,
        [&](int64_t calls, int64_t total) {
          const double part = static_cast<double>(calls) / static_cast<double>(total);
          work.Report(part);
          if (share_) share_->Progress(part);
          progress.Update(static_cast<double>(done) + size * part, n);
        },
        extension_.get(), &kept_);
    const bool stored = writer_->Commit(wave);
    if (share_) share_->DoneSamples(stored ? end - begin : 0);
    if (deciding_) deciding_->Take(wave);
    summary_.evaluations += wave.cost.evaluations + wave.cost.shallow_evaluations;
    if (extension_ && stored) summary_.taken += extension_->Taken(begin, end);
    summary_.samples_done += stored ? end - begin : 0;
    progress.Update(static_cast<double>(done) + size, n);
    Stored(done + (stored ? end - begin : 0));
    work.Done();
  }

  void RunAlone() {
    const auto searched = RunSearches(&plan_, writer_.get(), options_.quiet);
    CommitSetMetrics(plan_, writer_.get(), options_.quiet);
    if (deciding_) deciding_->CommitBaseline(writer_.get());
    if (extension_) CommitOrigin(*extension_, options_.extend, writer_.get());
    {
      const auto waves = CutWaves();
      Stored(summary_.samples_found);
      Progress progress("sampling", options_.quiet);
      progress.Update(static_cast<double>(summary_.samples_found), static_cast<double>(planned()));
      for (const auto& wave : waves) {
        if (deciding_) deciding_->TakeOthers(options_.others);
        if (deciding_ && !deciding_->NeedsAny(wave.first)) break;
        RunOne(wave, summary_.samples_found + summary_.samples_done, progress);
      }
    }
    NoteKept();
    if (plan_.config.path_study) RunPathStudy(plan_, searched, writer_.get(), options_.quiet);
    // Of a run in shards the first one measures latency: of the same samples as the undivided run.
    if (MeasuresLatency() && plan_.shard.index == 0 && writer_->CommittedLatency().empty()) CommitLatency();
    if (options_.stop) options_.stop->Finishing();
    Finish(summary_.samples_found + summary_.samples_done);
  }

  void NoteKept() {
    if (const std::string note = kept_.Note(); !note.empty()) summary_.notes.push_back(note);
  }

  bool MeasuresLatency() const { return plan_.config.latency.samples > 0; }
  void CommitLatency() {
    Progress progress("latency", options_.quiet);
    StoppableWork work(options_.stop, 1);
    writer_->CommitLatency(MeasureLatency(plan_, [&](int64_t done, int64_t total) {
      const double part = static_cast<double>(done) / static_cast<double>(total);
      work.Report(part);
      if (share_) share_->Progress(part);
      progress.Update(static_cast<double>(done), static_cast<double>(total));
    }));
    work.Done();
  }

  // `stored`: samples.
  void Finish(int64_t stored) {
    CommitDistances(plan_, writer_.get());
    const bool stopped = deciding_ && deciding_->decider().finished();
    if (!stopped && stored != planned())
      Fail("{}: {} samples were stored, {} were planned", options_.out.string(), stored, planned());
    writer_->Finish(deciding_ ? deciding_->JoinAs(*writer_) : JoinOptions{});
    if (deciding_) summary_.decisions = DecisionsOf(deciding_->decider());
  }

  // The parts that one of the processes makes while others go on, and what makes them.
  std::map<std::string, std::function<void()>> Parts() {
    std::map<std::string, std::function<void()>> parts;
    if (!plan_.config.set_metrics.empty() || !plan_.networks.missing.empty())
      parts[kSetMetricsPart] = [this] { CommitSetMetrics(plan_, writer_.get(), options_.quiet); };
    if (deciding_ && plan_.config.decide->asks("regression"))
      parts[kBaselinePart] = [this] { deciding_->CommitBaseline(writer_.get()); };
    if (extension_) parts[kExtendedPart] = [this] { CommitOrigin(*extension_, options_.extend, writer_.get()); };
    return parts;
  }

  void RunShared() {
    try {
      Share();
    } catch (const JoinedByAnother&) {
      TakeJoined();
    } catch (const Error&) {
      if (!writer_->IsJoinedByAnother()) throw;  // else it missed files that are joined by now
      TakeJoined();
    }
    share_->LeaveNothingOfJoined();
  }

  void Share() {
    const auto parts = Parts();
    const auto found = CutWaves();
    if (IsWhole(found, parts)) throw JoinedByAnother();
    const auto waves = AgreeOnPlan(options_.out, header_, {found, Extended()}).waves;
    const auto searched = RunSearches(&plan_, writer_.get(), options_.quiet, share_.get());
    for (const auto& [name, make] : parts) share_->Try(name, make);
    ShareWaves(waves);
    NoteKept();
    if (plan_.config.path_study) RunPathStudy(plan_, searched, writer_.get(), options_.quiet, share_.get());
    if (MeasuresLatency()) share_->Do({kLatencyGroup}, [&](size_t) { CommitLatency(); });
    for (const auto& [name, make] : parts) share_->Do({name}, [&](size_t) { make(); });
    share_->Join([&] {
      if (options_.stop) options_.stop->Finishing();
      writer_->TakeUpAll();
      TakeSegments();
      Finish(std::ssize(writer_->CommittedInfos()));
    });
    summary_.samples_found = std::ssize(writer_->CommittedInfos()) - summary_.samples_done;
  }

  // Nothing is left to be run, nor to be joined.
  bool IsWhole(const std::vector<Stretch>& open, const std::map<std::string, std::function<void()>>& parts) const {
    if (!writer_->Segments().empty()) return false;
    if (!open.empty() && !(deciding_ && !deciding_->NeedsAny(open.front().first))) return false;
    if (plan_.config.path_study && !writer_->IsStored(kPathStudyGroup)) return false;
    if (MeasuresLatency() && !writer_->IsStored(kLatencyGroup)) return false;
    return std::ranges::all_of(parts, [&](const auto& part) { return writer_->IsStored(part.first); });
  }

  std::string Extended() const {
    Json names = Json::array();
    for (const auto& result : options_.extend) names.push_back(result.lexically_normal().filename().string());
    return names.dump();
  }

  void ShareWaves(const std::vector<Stretch>& waves) {
    std::vector<std::string> names;
    int64_t listed = 0;
    for (const auto& [begin, end] : waves) {
      names.push_back(WaveName(begin));
      listed += end - begin;
    }
    // By all processes together.
    const auto stored = [&] {
      int64_t samples = planned() - listed;
      for (size_t i = 0; i < waves.size(); ++i)
        if (writer_->IsStored(names[i])) samples += waves[i].second - waves[i].first;
      return samples;
    };
    Stored(stored());
    Progress progress("sampling", options_.quiet);
    progress.Update(static_cast<double>(stored()), static_cast<double>(planned()));
    WorkShare::Wanted wanted;
    if (deciding_)
      wanted = [&](size_t i) {
        TakeSegments();
        return deciding_->NeedsAny(waves[i].first);
      };
    share_->Do(
        names, [&](size_t i) { RunOne(waves[i], stored(), progress); }, wanted);
  }

  // What has been stored since the last time, for the questions that are to be decided.
  void TakeSegments() {
    if (!deciding_) return;
    for (const auto& name : writer_->Segments())
      if (std::isdigit(static_cast<unsigned char>(name[0])) && looked_at_.insert(name).second)
        deciding_->TakeSegment(writer_->SegmentPath(name));
  }

  // Another process has put the result together.
  void TakeJoined() {
    const ResultReader result = ResultReader::Open(options_.out, {.own = true});
    if (const auto difference = FirstDifference(result.header(), header_, /*shards=*/false); !difference.empty())
      Fail("{}: was replaced by the result of another run: {}", options_.out.string(), difference);
    if (deciding_) summary_.decisions = DecisionsOf(result);
    summary_.samples_found = std::ssize(result.samples()) - summary_.samples_done;
    summary_.joined_here = false;
    std::error_code ignored;  // of one that came too late
    std::filesystem::remove(options_.out / kSegmentFolder, ignored);
  }

  Plan& plan_;
  const RunOptions& options_;
  const RunHeader header_;
  RunSummary summary_;
  const std::unique_ptr<Deciding> deciding_;
  const std::unique_ptr<Extension> extension_;
  const std::unique_ptr<WorkShare> share_;
  const std::unique_ptr<ResultWriter> writer_;
  KeptFolder kept_;
  std::set<std::string> looked_at_;  // segments
};

}  // namespace

RunSummary RunExperiment(Plan& plan, const RunOptions& options) { return Experiment(plan, options).Run(); }

}  // namespace skipbench
