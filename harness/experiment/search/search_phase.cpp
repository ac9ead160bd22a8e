#include "harness/experiment/search/search_phase.h"

#include <algorithm>
#include <limits>

#include "harness/base/progress.h"
#include "harness/experiment/plan/out_of_memory.h"
#include "harness/experiment/search/search_batch.h"
#include "harness/store/outputs.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void PutFamilies(const std::vector<PathFamily>& families, int64_t calls, SearchRecord* record) {
  int64_t skips = 1;
  for (const auto& family : families) skips = std::max(skips, std::ssize(family.paths));
  const int64_t n = std::ssize(families);
  record->family = {{n, skips, calls}, std::vector<uint8_t>(n * skips * calls, 0)};
  record->family_error = {{n, skips}, std::vector<double>(n * skips, kNaN)};
  record->message.clear();
  for (int64_t s = 0; s < n; ++s) {
    const auto& paths = families[s].paths;
    for (size_t k = 0; k < paths.size(); ++k) {
      std::copy(paths[k].mask.begin(), paths[k].mask.end(),
                record->family.values.begin() + (s * skips + static_cast<int64_t>(k)) * calls);
      record->family_error.values[s * skips + static_cast<int64_t>(k)] = paths[k].error;
    }
    record->message.push_back(families[s].ended);
  }
}

class Searcher {
 public:
  Searcher(const Plan& plan, const SearchJob& job, int number, ResultWriter* writer, bool quiet, WorkShare* share)
      : plan_(plan),
        job_(job),
        number_(number),
        writer_(*writer),
        share_(share),
        calls_(job.scheduler->calls()),
        progress_("searching (" + job.search->Key() + ")", quiet),
        expected_paths_(job.search->AtMost(job.target, calls_).paths * static_cast<double>(SamplesHere())) {}

  // The paths of the job's samples, as far as they are in this shard.
  std::vector<SearchRecord> Run() {
    ShowProgress(0);
    const auto portions = Portions();
    if (share_) {
      std::vector<std::string> names;
      for (const auto& portion : portions) names.push_back(SearchName(number_, portion.first));
      share_->Do(names, [&](size_t i) { Portion(portions[i].first, portions[i].second); });
      done_before_ = 0;
    }
    std::vector<SearchRecord> records;
    for (const auto& [begin, end] : portions) records.push_back(Portion(begin, end));
    return records;
  }

 private:
  // What is searched together.
  std::vector<std::pair<int64_t, int64_t>> Portions() const {
    if (job_.search->shared()) return {{0, job_.samples}};  // every shard needs it
    std::vector<std::pair<int64_t, int64_t>> portions;
    const int64_t size = plan_.config.wave_size, end = std::min(plan_.end, job_.samples);
    for (int64_t begin = plan_.begin; begin < end; begin += size)
      portions.emplace_back(begin, std::min(begin + size, end));
    return portions;
  }

  int64_t SamplesHere() const {
    if (job_.search->shared()) return job_.samples;
    return std::max<int64_t>(0, std::min(plan_.end, job_.samples) - plan_.begin);
  }

  // `paths` of the portion at work.
  void ShowProgress(double paths) {
    progress_.Update(std::min(done_before_ + paths, expected_paths_), expected_paths_);
  }

  // Samples [begin, end) of the plan, from the results if they are there.
  SearchRecord Portion(int64_t begin, int64_t end) {
    const std::string name = SearchName(number_, begin);
    SearchRecord record;
    if (!writer_.ReadExtra(name, [&](const hdf5::Group& group) { record = ReadSearch(group); })) {
      record = SearchOrIsolate(begin, end);
      writer_.CommitExtra(name, [&](hdf5::Group& group) { WriteSearch(group, record); });
    }
    if (!share_) {
      std::error_code ignored;  // the progress is of no more use
      std::filesystem::remove(LogFile(begin, end), ignored);
      std::filesystem::remove(LogFile(begin, end).parent_path(), ignored);
    }
    done_before_ += static_cast<double>(record.tried_error.size());
    ShowProgress(0);
    return record;
  }

  // After an error every sample alone, so that only those concerned are lost.
  SearchRecord SearchOrIsolate(int64_t begin, int64_t end) {
    try {
      return Search(begin, end);
    } catch (const OutOfMemoryError&) {
      throw;
    } catch (const std::exception& e) {
      if (job_.search->shared()) throw;
      if (end - begin == 1) return Failed(begin, e.what());
    }
    std::vector<SearchRecord> parts;
    for (int64_t s = begin; s < end; ++s) parts.push_back(SearchOrIsolate(s, s + 1));
    return Merge(parts);
  }

  SearchRecord Search(int64_t begin, int64_t end) {
    SearchBatch portion(plan_, *job_.scheduler, job_.guidance, begin, end);
    TrajectoryEvaluator& evaluator =
        portion.Open(LogFile(begin, end), job_.search->Key(), [&](double paths) { ShowProgress(paths); });
    const SearchLog& log = portion.log();
    SearchRecord record = Empty();
    record.samples = portion.ids();
    PutFamilies(job_.search->Run(evaluator, job_.target), calls_, &record);
    for (const auto& [number, norm] : log.norms()) record.latent_norm.push_back(norm);
    for (const auto& [query, error] : log.errors()) {
      record.tried_sample.push_back(record.samples[query.sample]);
      record.tried_path.values.insert(record.tried_path.values.end(), query.mask.begin(), query.mask.end());
      record.tried_error.push_back(error);
    }
    record.tried_path.shape[0] = std::ssize(record.tried_error);
    record.evaluations = log.cost().evaluations;
    record.naive_evaluations = log.cost().naive_evaluations;
    record.seconds = log.cost().seconds;
    return record;
  }

  SearchRecord Empty() const {
    SearchRecord record;
    record.search = job_.search->Key();
    record.shared = job_.search->shared();
    record.settings.assign(job_.settings.begin(), job_.settings.end());
    record.tried_path.shape = {0, calls_};
    return record;
  }

  SearchRecord Failed(int64_t ordinal, const std::string& message) const {
    SearchRecord record = Empty();
    record.samples = {plan_.samples[ordinal].id};
    record.latent_norm = {kNaN};
    PutFamilies({{{}, message}}, calls_, &record);
    return record;
  }

  SearchRecord Merge(const std::vector<SearchRecord>& parts) const {
    SearchRecord all = Empty();
    std::vector<PathFamily> families;
    auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (const auto& part : parts) {
      append(families, FamiliesOf(part));
      append(all.samples, part.samples);
      append(all.latent_norm, part.latent_norm);
      append(all.tried_sample, part.tried_sample);
      append(all.tried_path.values, part.tried_path.values);
      append(all.tried_error, part.tried_error);
      all.evaluations += part.evaluations;
      all.naive_evaluations += part.naive_evaluations;
      all.seconds += part.seconds;
    }
    all.tried_path.shape[0] = std::ssize(all.tried_error);
    PutFamilies(families, calls_, &all);
    return all;
  }

  std::filesystem::path LogFile(int64_t begin, int64_t end) const {
    const std::string name = SearchName(number_, begin);
    return SearchLogFile(writer_, share_, name, fmt::format("{}-{:08}", name, end));
  }

  const Plan& plan_;
  const SearchJob& job_;
  const int number_;
  ResultWriter& writer_;
  WorkShare* const share_;
  const int calls_;
  Progress progress_;
  const double expected_paths_;
  double done_before_ = 0;
};

// The rows' paths out of what was found.
void BindPaths(const SearchJob& job, const std::vector<SearchRecord>& records, Plan* plan) {
  for (const int k : job.settings) {
    PlannedSetting& setting = plan->settings[k];
    const auto& method = dynamic_cast<const SearchMethod&>(*setting.spec->method);
    PrecomputedPaths paths;
    for (const auto& record : records) {
      const auto families = FamiliesOf(record);
      for (size_t subject = 0; subject < families.size(); ++subject) {
        const PathFamily& family = families[subject];
        try {
          if (family.paths.empty()) Fail("{}", family.ended);
          const Mask& mask = method.Choose(family).mask;
          if (record.shared)
            paths.shared = mask;
          else
            paths.by_sample[record.samples[subject]] = mask;
        } catch (const Error& e) {
          if (record.shared)
            paths.otherwise = e.what();
          else
            paths.missing[record.samples[subject]] = e.what();
        }
      }
    }
    setting.method = method.Bind(std::move(paths));
  }
}

// The job of a search on a setting's run, made where there is none yet; a new one takes `most` samples (0: all).
SearchJob& JobFor(const Search& search, const PlannedSetting& setting, int64_t most, const Plan& plan,
                  std::vector<SearchJob>* jobs) {
  for (auto& job : *jobs)
    if (job.scheduler == setting.scheduler && job.search->Key() == search.Key()) return job;
  const auto all = std::ssize(plan.samples);
  return jobs->emplace_back(SearchJob{.search = &search,
                                      .scheduler = setting.scheduler,
                                      .guidance = setting.guidance,
                                      .samples = most > 0 ? std::min(all, most) : all});
}

}  // namespace

std::vector<PathFamily> FamiliesOf(const SearchRecord& record) {
  std::vector<PathFamily> families;
  const int64_t skips = record.family.shape.at(1), calls = record.calls();
  for (int64_t subject = 0; subject < record.family.shape[0]; ++subject) {
    PathFamily family;
    for (int64_t k = 0; k < record.PathCount(subject); ++k) {
      const auto begin = record.family.values.begin() + (subject * skips + k) * calls;
      family.paths.push_back({Mask(begin, begin + calls), record.family_error.values[subject * skips + k]});
    }
    family.ended = record.message[subject];
    families.push_back(std::move(family));
  }
  return families;
}

std::vector<SearchJob> CollectSearches(const Plan& plan) {
  std::vector<SearchJob> jobs;
  for (size_t k = 0; k < plan.settings.size(); ++k) {
    const PlannedSetting& setting = plan.settings[k];
    const auto* method = dynamic_cast<const SearchMethod*>(setting.spec->method.get());
    if (!method || !setting.supported) continue;
    SearchJob& job = JobFor(method->search(), setting, method->search().shared_samples(), plan, &jobs);
    job.target.skips = std::max(job.target.skips, method->target().skips);
    job.target.error_bound = std::max(job.target.error_bound, method->target().error_bound);
    job.settings.push_back(static_cast<int>(k));
  }
  if (const auto& study = plan.config.path_study) {
    const PlannedSetting& reference = plan.settings[plan.settings[0].reference];
    SearchJob& job = JobFor(*study->search, reference, study->samples, plan, &jobs);
    job.target.skips = std::max(job.target.skips, study->skips);
    job.study = true;
  }
  return jobs;
}

std::filesystem::path SearchLogFile(const ResultWriter& writer, const WorkShare* share, const std::string& item,
                                    const std::string& name) {
  const std::filesystem::path folder = writer.folder() / kSearchFolder;
  if (!share) return folder / (name + ".jsonl");
  const auto of = [&](int number) { return folder / fmt::format("{}.{}.jsonl", name, number); };
  const std::filesystem::path own = of(share->Before(item));
  std::error_code ignored;
  for (int before = share->Before(item) - 1; before >= 0 && !std::filesystem::exists(own, ignored); --before)
    std::filesystem::copy_file(of(before), own, ignored);
  return own;
}

std::vector<std::vector<SearchRecord>> RunSearches(Plan* plan, ResultWriter* writer, bool quiet, WorkShare* share) {
  const auto jobs = CollectSearches(*plan);
  std::vector<std::vector<SearchRecord>> found;
  for (size_t k = 0; k < jobs.size(); ++k) {
    found.push_back(Searcher(*plan, jobs[k], static_cast<int>(k), writer, quiet, share).Run());
    BindPaths(jobs[k], found.back(), plan);
  }
  return found;
}

}  // namespace skipbench
