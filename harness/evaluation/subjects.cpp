#include "harness/evaluation/subjects.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/analysis/settings.h"
#include "harness/base/error.h"
#include "harness/base/json.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

std::vector<MeasuredValue> OfSamples(const SampleTable& samples, const MetricRequest& request) {
  std::vector<MeasuredValue> values;
  for (const auto& column : samples.columns) {
    if (column.metric != request.name) continue;
    MetricInfo info = column.info;
    if (request.sample->columns.size() == 1) info.name = request.name;
    values.push_back(MeanOf(column.values, info));
  }
  return values;
}

std::vector<MeasuredValue> OfSets(const Measurement& measured, const SetMetric& metric, const SetOptions& options) {
  if (metric.of_errors) return metric.of_errors(metric, measured.samples.errors, measured.samples.clips ? 1 : 16);
  const auto a = measured.pictures.find(metric.network), b = measured.reference.find(metric.network);
  if (a == measured.pictures.end() || b == measured.reference.end())
    Fail("{}: a second set was expected: pictures or a statistics file", metric.name);
  return MeasureSets(metric, {a->second, b->second, measured.paired.contains(metric.network)}, options);
}

std::vector<MeasuredValue> ValuesOf(const Measurement& measured, const MetricRequest& request,
                                    const MetricNetworks& networks, const SetOptions& options) {
  MeasuredValue none{.metric = {.name = request.name}, .available = false};
  if (!networks.Available(request)) {
    none.note = "not available: " + networks.missing.at(request.name);
    return {none};
  }
  if (const auto why = measured.unmet.find(request.name); why != measured.unmet.end()) {
    const std::string name = request.name + ": ";
    none.note = why->second.starts_with(name) ? why->second.substr(name.size()) : why->second;
    return {none};
  }
  return request.sample ? OfSamples(measured.samples, request) : OfSets(measured, *request.set, options);
}

void OpenReference(const std::vector<std::string>& inputs, const SubjectOptions& options, Subjects* subjects) {
  if (inputs.size() < 2) return;
  const fs::path path = inputs[1];
  if (!IsResult(path)) {
    subjects->references[-1] = OpenComparedSet(path, options.collections);
    return;
  }
  subjects->b = std::make_unique<ResultReader>(ResultReader::Open(path, options.reading));
  const int setting = ReferenceOf(subjects->b->header().settings, 0);
  if (setting < 0) Fail("{}: no setting of it is a reference", path.string());
  subjects->references[-1] = OpenComparedSet(*subjects->b, static_cast<size_t>(setting));
}

// Every setting against B, or without B against its reference setting, which has a row of its own for what needs none.
void OpenSettings(const std::vector<std::string>& inputs, const SubjectOptions& options, Subjects* subjects) {
  subjects->a = std::make_unique<ResultReader>(ResultReader::Open(inputs[0], options.reading));
  const ResultReader& result = *subjects->a;
  const auto& settings = result.header().settings;
  std::vector<size_t> chosen;
  for (const auto& label : options.settings) chosen.push_back(FindSetting(result, label, "--setting"));
  if (options.settings.empty())
    for (size_t k = 0; k < settings.size(); ++k) chosen.push_back(k);
  const bool own = !subjects->references.contains(-1);
  for (const size_t k : chosen) {
    Subject subject{.label = settings[k].label, .set = OpenComparedSet(result, k)};
    subject.place = own ? ReferenceOf(settings, k) : -1;
    subject.is_reference = own && subject.place == static_cast<int>(k);
    if (own && subject.place < 0) Fail("{}: {} has no reference setting", inputs[0], subject.label);
    if (own && !subject.is_reference && !subjects->references.contains(subject.place))
      subjects->references[subject.place] = OpenComparedSet(result, static_cast<size_t>(subject.place));
    subjects->all.push_back(std::move(subject));
  }
}

// What is compared with what, for people.
void Describe(const std::string& input, Subjects* subjects) {
  const auto b = subjects->references.find(-1);
  subjects->pictures =
      subjects->a ? fmt::format("{} ({})", input, subjects->a->header().name) : subjects->all[0].set.description();
  if (b != subjects->references.end())
    subjects->reference = b->second.description();
  else if (subjects->a)
    subjects->reference = "its reference settings";
}

void SaveStatistics(const Measurement& measured, const SubjectOptions& options) {
  if (options.save_stats.empty()) return;
  if (measured.pictures.size() != 1)
    Fail("--save-stats: a file holds the statistics of one network's features; the metrics asked for need {}",
         measured.pictures.size());
  WriteStatisticsFile(options.save_stats, measured.pictures.begin()->second, measured.pictures.begin()->first,
                      options.keep_features);
}

// Without a second set only what needs none can be reported.
std::vector<MetricRequest> Reportable(const SubjectOptions& options, bool has_reference) {
  std::vector<MetricRequest> requests;
  for (const auto& request : options.requests)
    if (has_reference || !request.set || options.save_stats.empty()) requests.push_back(request);
  return requests;
}

void AddValues(const Subject& subject, const Measurement& measured, const SubjectOptions& options, SubjectValues* out) {
  SaveStatistics(measured, options);
  const auto requests = Reportable(options, subject.reference != nullptr);
  for (auto& value : ReportValues(measured, requests, options.networks, options.sets, subject.label)) {
    if (subject.is_reference && !value.available && measured.unmet.contains(value.metric.name)) {
      value.available = true;
      value.note = "the reference that the other settings are compared with";
    }
    out->values.push_back(std::move(value));
  }
  for (auto& note : ComparisonNotes(subject.set, subject.reference, measured, options.requests, options.networks,
                                    options.comparison))
    if (std::find(out->notes.begin(), out->notes.end(), note) == out->notes.end())
      out->notes.push_back(std::move(note));
}

// B's features are measured once for all settings, as long as all of its pictures are.
bool IsWhole(const FeatureSets& features, const ComparedSet& reference) {
  return !features.empty() && std::all_of(features.begin(), features.end(), [&](const auto& one) {
    return !reference.pictures || reference.pictures->clips() || one.second.count() == reference.pictures->size();
  });
}

}  // namespace

std::vector<MeasuredValue> ReportValues(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                        const MetricNetworks& networks, const SetOptions& options,
                                        const std::string& subject) {
  std::vector<MeasuredValue> all;
  for (const auto& request : requests)
    for (auto& value : ValuesOf(measured, request, networks, options)) {
      value.subject = subject;
      if (value.available) AddNote(LeftOutText(measured.left_out), &value);
      all.push_back(std::move(value));
    }
  return all;
}

std::map<std::string, std::string> ReadCaptionsByName(const std::filesystem::path& path) {
  const Json json = ReadJsonFile(path);
  const JsonReader root(json, path.string());
  std::map<int64_t, std::pair<int64_t, std::string>> first;  // image -> (annotation, caption)
  for (const auto& annotation : root.Objects("annotations")) {
    const int64_t image = annotation.Int("image_id", 0), id = annotation.Int("id", 0);
    const auto found = first.find(image);
    if (found == first.end() || id < found->second.first) first[image] = {id, annotation.String("caption")};
  }
  std::map<std::string, std::string> captions;
  for (const auto& image : root.Objects("images")) {
    const int64_t id = image.Int("id", 0);
    const auto caption = first.find(id);
    if (caption == first.end()) continue;
    captions[std::filesystem::path(image.String("file_name")).replace_extension().generic_string()] =
        caption->second.second;
    captions[fmt::format("{:06}", id)] = caption->second.second;
  }
  return captions;
}

bool IsResult(const fs::path& path) {
  return path.extension() == ".h5" || fs::exists(path / kJoinedFile) || fs::exists(path / kSegmentFolder);
}

Subjects OpenSubjects(const std::vector<std::string>& inputs, const SubjectOptions& options) {
  Subjects subjects;
  OpenReference(inputs, options, &subjects);
  if (IsResult(inputs[0])) {
    OpenSettings(inputs, options, &subjects);
    if (!options.save_stats.empty() && subjects.all.size() != 1)
      Fail("--save-stats: of one setting; choose it with --setting");
  } else {
    subjects.all.push_back({.label = "", .set = OpenComparedSet(inputs[0], options.collections)});
  }
  for (auto& subject : subjects.all)
    if (const auto found = subjects.references.find(subject.place);
        found != subjects.references.end() && !subject.is_reference)
      subject.reference = &found->second;
  Describe(inputs[0], &subjects);
  return subjects;
}

std::vector<std::string> FindUnmetRequests(const Subjects& subjects, const SubjectOptions& options) {
  std::map<std::string, std::string> unmet;
  std::map<std::string, size_t> times;
  for (const auto& subject : subjects.all) {
    for (auto& [name, why] :
         FindUnmet(subject.set, subject.reference, options.requests, options.networks, options.comparison)) {
      ++times[name];
      // What a setting lacks says more than that the reference is compared with nothing.
      if (!subject.is_reference || !unmet.contains(name)) unmet[name] = why;
    }
  }
  std::vector<std::string> whole;
  for (const auto& request : options.requests)
    if (times[request.name] == subjects.all.size()) whole.push_back(unmet[request.name]);
  const bool others = std::any_of(options.requests.begin(), options.requests.end(),
                                  [&](const auto& request) { return times[request.name] < subjects.all.size(); });
  if (!others && subjects.all.size() == 1 && subjects.all[0].is_reference)
    Fail("{}: no setting to compare with the reference", subjects.pictures);
  if (!others) Fail("{}", fmt::join(whole, "\n"));
  return whole;
}

SubjectValues MeasureSubjects(const Subjects& subjects, const SubjectOptions& options) {
  SubjectValues out;
  std::map<int, FeatureSets> known;
  ComparisonOptions comparison = options.comparison;
  if (subjects.a)
    for (const auto& sample : subjects.a->samples())
      comparison.measure.captions[fmt::format("{:06}", sample.id)] = sample.caption;
  for (const auto& subject : subjects.all) {
    const auto found = known.find(subject.place);
    const FeatureSets* features = subject.reference && found != known.end() ? &found->second : nullptr;
    // Samples that one of a run's settings has not done are left out of both.
    comparison.measure.common_only = subject.place >= 0;
    Measurement measured =
        CompareSets(subject.set, subject.reference, options.requests, options.networks, comparison, features);
    if (subjects.all.size() > 1 && subject.reference && !features && IsWhole(measured.reference, *subject.reference))
      known[subject.place] = measured.reference;
    AddValues(subject, measured, options, &out);
    if (!measured.samples.names.empty()) out.samples.emplace_back(subject.label, std::move(measured.samples));
  }
  return out;
}

}  // namespace skipbench
