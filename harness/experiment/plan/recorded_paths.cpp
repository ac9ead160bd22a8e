#include "harness/experiment/plan/recorded_paths.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/store/search_record.h"

namespace skipbench {
namespace {

class Loader {
 public:
  Loader(const RecordedPathMethod::Source& source, const std::string& label, const std::string& run)
      : source_(source),
        run_(run.empty() ? "" : " [" + run + "]"),
        where_(fmt::format("{}: {}", label, source.result.string())),
        result_(Open()),
        setting_(FindSetting()) {}

  PrecomputedPaths Load() {
    PrecomputedPaths paths;
    if (source_.skips)
      FromSearches(&paths);
    else
      FromActions(&paths);
    if (!source_.sample) return paths;
    if (paths.shared) Fail("{}: has one path for all samples; \"sample\" would pick one of several", where_);
    const auto found = paths.by_sample.find(*source_.sample);
    if (found == paths.by_sample.end())
      Fail("{}: holds no path of sample {}{}", where_, *source_.sample, Why(paths, *source_.sample));
    PrecomputedPaths one;
    one.shared = found->second;
    return one;
  }

  static std::string Why(const PrecomputedPaths& paths, int64_t sample) {
    const auto why = paths.missing.find(sample);
    return why == paths.missing.end() ? "" : ": " + why->second;
  }
  const std::string& where() const { return where_; }

 private:
  ResultReader Open() const {
    try {
      return ResultReader::Open(source_.result);
    } catch (const Error& e) {
      Fail("{}: {}", where_, e.what());
    }
  }

  size_t FindSetting() const {
    const auto& settings = result_.header().settings;
    std::string known;
    for (const auto& setting : settings) known += (known.empty() ? "" : ", ") + setting.label;
    const auto matching = [&](const std::string& run) {
      std::vector<size_t> found;
      for (size_t k = 0; k < settings.size(); ++k)
        if (source_.setting.empty() ? !settings[k].reference && settings[k].label.ends_with(run)
                                    : settings[k].label == source_.setting + run)
          found.push_back(k);
      return found;
    };
    std::vector<size_t> found = matching("");
    if (found.size() != 1 && !run_.empty()) found = matching(run_);
    if (source_.setting.empty() && found.size() != 1)
      Fail("{}: has {} settings besides the reference; \"setting\" must say whose paths are meant; there are: {}",
           where_, found.size(), known);
    if (found.empty()) Fail("{}: has no setting \"{}\"; there are: {}", where_, source_.setting, known);
    return found[0];
  }

  void FromSearches(PrecomputedPaths* paths) const {
    bool any = false;
    for (const auto& record : ReadSearches(result_)) {
      if (std::find(record.settings.begin(), record.settings.end(), static_cast<int64_t>(setting_)) ==
          record.settings.end())
        continue;
      any = true;
      for (int64_t subject = 0; subject < record.family.shape[0]; ++subject) {
        std::optional<Mask> mask;
        if (*source_.skips < record.PathCount(subject)) {
          const auto begin =
              record.family.values.begin() + (subject * record.family.shape[1] + *source_.skips) * record.calls();
          mask = Mask(begin, begin + record.calls());
        }
        const std::string why =
            fmt::format("the search went up to {} skips. {}", record.PathCount(subject) - 1, record.message[subject]);
        if (record.shared && !mask) Fail("{}: no path with {} skips: {}", where_, *source_.skips, why);
        if (record.shared)
          paths->shared = *mask;
        else if (mask)
          paths->by_sample[record.samples[subject]] = *mask;
        else
          paths->missing[record.samples[subject]] = why;
      }
    }
    if (!any)
      Fail("{}: the setting {} searched for no paths; without \"skips\" the path it ran is taken", where_,
           result_.header().settings[setting_].label);
  }

  void FromActions(PrecomputedPaths* paths) const {
    if (result_.samples().empty()) Fail("{}: has no samples yet", where_);
    const auto actions = result_.Read<uint8_t>(setting_, "action");
    const auto status = result_.Read<uint8_t>(setting_, "status").values;
    const auto messages = result_.Read<std::string>(setting_, "message").values;
    const int64_t calls = actions.shape.at(1);
    for (size_t s = 0; s < status.size(); ++s) {
      const int64_t id = result_.samples()[s].id;
      if (status[s] != static_cast<uint8_t>(Status::kDone)) {
        paths->missing[id] = "it was not done there: " + messages[s];
        continue;
      }
      const auto begin = actions.values.begin() + static_cast<int64_t>(s) * calls;
      const Mask mask(begin, begin + calls);
      if (std::ranges::any_of(mask, [](uint8_t a) { return a == kActionShallow || a == kActionCombine; }))
        FailUnsupported(
            "{}: the setting {} does more than that in a call; only paths that predict or reuse can be replayed",
            where_, result_.header().settings[setting_].label);
      paths->by_sample[id] = mask;
    }
  }

  const RecordedPathMethod::Source& source_;
  const std::string run_;  // what labels of this run end with
  std::string where_;
  ResultReader result_;
  size_t setting_;
};

}  // namespace

PrecomputedPaths LoadRecordedPaths(const RecordedPathMethod::Source& source, const std::vector<Sample>& samples,
                                   const std::string& label, const std::string& run) {
  Loader loader(source, label, run);
  PrecomputedPaths paths = loader.Load();
  if (paths.shared) return paths;
  for (const auto& sample : samples)
    if (!paths.by_sample.contains(sample.id))
      Fail("{}: holds no path of sample {}{}", loader.where(), sample.id, Loader::Why(paths, sample.id));
  return paths;
}

}  // namespace skipbench
