#include "harness/experiment/extend/extension.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <optional>

#include "harness/analysis/set_metric_plan.h"
#include "harness/experiment/extend/same_setting.h"
#include "harness/experiment/extend/taken_columns.h"
#include "harness/experiment/plan/inputs.h"
#include "harness/experiment/search/search_phase.h"
#include "harness/store/common_difference.h"
#include "harness/store/outputs.h"
#include "metrics/pictures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

int64_t GroupSizeOf(const RunHeader& header) {
  const Json& config = header.expanded_config;
  return config.is_object() && config.contains("group_size") && config["group_size"].is_number_integer()
             ? config["group_size"].get<int64_t>()
             : 1;
}

bool NeedsErrors(const ExperimentConfig& config) {
  return std::ranges::any_of(config.set_metrics, [](const SetMetric& metric) { return metric.of_errors != nullptr; });
}

// Of what can be measured on pictures and latents; anything else comes of sampling.
bool IsMeasured(const ColumnInfo& column) {
  return column.metric || column.name.starts_with("features/") || column.name.starts_with("auxiliary/") ||
         column.name == "thumbnail";
}

// The columns of metrics whose weights were others, or were missing.
std::set<std::string> OtherwiseWeighted(const Plan& plan, const RunHeader& there, const RunHeader& here) {
  std::set<std::string> columns;
  for (const MetricType* metric : plan.config.metrics)
    if (!SameWeights(there, here, metric->name))
      for (const auto& column : metric->columns) {
        columns.insert(column.name);
        columns.insert("features/" + FrameColumn(column));
      }
  for (const auto& metric : plan.config.set_metrics)
    if (!metric.network.empty() && !SameWeights(there, here, metric.name))
      columns.insert("features/" + FeatureColumn(metric.network));
  return columns;
}

}  // namespace

Extension::Extension(const Plan& plan, const RunHeader& header, std::vector<std::vector<ColumnInfo>> columns,
                     const std::vector<fs::path>& results)
    : plan_(plan),
      header_(header),
      columns_(std::move(columns)),
      results_(results),
      reader_(ResultReader::Open(results)) {
  why_ = FirstCommonDifference(reader_.header(), header, KeysAside(header));
  if (why_.empty()) {
    MatchSettings();
    MatchSamples();
  }
  RequireAnything();
}

void Extension::MatchSettings() {
  const RunHeader& there = reader_.header();
  std::vector<std::string> labels;
  for (const auto& setting : there.settings) labels.push_back(setting.label);
  folder_names_ = FolderNames(labels);
  // A search looks at all of its samples, and is made again.
  std::set<int> searched;
  for (const auto& job : CollectSearches(plan_)) searched.insert(job.settings.begin(), job.settings.end());
  std::string why;
  for (size_t k = 0; k < plan_.settings.size(); ++k) {
    Match& match = matches_.emplace_back();
    match.by_group = header_.settings[k].scope == "group";
    if (match.by_group) unit_ = plan_.config.group_size;
    if (!plan_.settings[k].supported || searched.contains(static_cast<int>(k))) continue;
    match.from = FindSame(there, header_, k, &why);
    if (match.from >= 0 && match.by_group && GroupSizeOf(there) != GroupSizeOf(header_)) {
      why = fmt::format("group_size: {} there, {} here", GroupSizeOf(there), GroupSizeOf(header_));
      match.from = -1;
    }
    if (match.from < 0) continue;
    const auto status = reader_.Read<double>(match.from, "status").values;
    if (std::ranges::count(status, static_cast<double>(Status::kNotSupported)) > 0) match.from = -1;
    if (match.from >= 0) FindMissing(k);
  }
  if (std::ranges::all_of(matches_, [](const Match& match) { return match.from < 0; }))
    why_ = why.empty() ? "all settings have to be made anew" : why;
}

void Extension::FindMissing(size_t k) {
  Match& match = matches_[k];
  const auto other = OtherwiseWeighted(plan_, reader_.header(), header_);
  for (const auto& column : columns_[k]) {
    const ColumnInfo* found = reader_.FindColumn(match.from, column.name);
    if (found && found->type == column.type && found->row_shape == column.row_shape && !other.contains(column.name))
      continue;
    match.missing.insert(column.name);
    match.measurable &= IsMeasured(column);
  }
  match.demand = DemandOf(&match.missing);
  if (plan_.settings[k].reference == static_cast<int>(k)) {
    match.demand.picture |= match.demand.reference_picture;
    match.demand.latent |= match.demand.reference_latent;
  }
  match.pictures = reader_.FindColumn(match.from, "images") != nullptr;
  match.latents = reader_.FindColumn(match.from, "latents") != nullptr;
}

// What is needed to measure the columns; null: all of them.
Extension::Demand Extension::DemandOf(const std::set<std::string>* columns) const {
  Demand demand;
  const auto wanted = [&](const std::string& column) { return !columns || columns->contains(column); };
  for (const MetricType* metric : plan_.config.metrics) {
    const bool any = std::ranges::any_of(metric->columns, [&](const MetricInfo& column) {
      return wanted(column.name) || wanted("features/" + FrameColumn(column));
    });
    if (!any) continue;
    (metric->needs_pictures ? demand.picture : demand.latent) = true;
    if (metric->needs_reference) (metric->needs_pictures ? demand.reference_picture : demand.reference_latent) = true;
  }
  for (const auto& metric : plan_.config.set_metrics)
    demand.picture |= !metric.network.empty() && wanted("features/" + FeatureColumn(metric.network));
  if (NeedsErrors(plan_.config) && wanted(fmt::format("auxiliary/{}", kMseColumn)))
    demand.picture = demand.reference_picture = true;
  demand.picture |= wanted("thumbnail");
  return demand;
}

void Extension::MatchSamples() {
  const RunHeader& there = reader_.header();
  places_.assign(plan_.samples.size(), -1);
  if (plan_.pipeline->info().needs_image) {
    const auto found = there.inputs.find("data.images");
    const auto count = static_cast<size_t>(there.sample_count);
    if (found == there.inputs.end() || count > plan_.samples.size() ||
        HashOfStartImages(std::span(plan_.samples).first(count)) != found->second.sha256) {
      why_ = fmt::format("data.images: the {} start images there are not the first ones of the {} here", count,
                         plan_.samples.size());
      return;
    }
  }
  std::map<int64_t, int64_t> place_of;
  for (size_t i = 0; i < reader_.samples().size(); ++i) place_of[reader_.samples()[i].id] = static_cast<int64_t>(i);
  std::string why = "no sample is in both";
  for (size_t k = 0; k < plan_.samples.size(); ++k) {
    const Sample& sample = plan_.samples[k];
    const auto found = place_of.find(sample.id);
    if (found == place_of.end()) continue;
    const SampleInfo& stored = reader_.samples()[found->second];
    if (stored.caption != sample.caption || stored.label != sample.label) {
      why = fmt::format("sample {}: \"{}\" (class {}) there, \"{}\" (class {}) here", sample.id, stored.caption,
                        stored.label, sample.caption, sample.label);
    } else if (plan_.config.noise.source == "file" && stored.ordinal != static_cast<int64_t>(k)) {
      why = fmt::format("sample {}: number {} of the data there, {} here, which is its row in the noise file",
                        sample.id, stored.ordinal, k);
    } else {
      places_[k] = found->second;
    }
  }
  if (std::ranges::all_of(places_, [](int64_t place) { return place < 0; })) why_ = why;
  for (size_t k = 0; k < matches_.size(); ++k) DropWithoutFiles(k);
}

// Pictures that the config wants as files are copied, or written from those that are saved, or made again.
void Extension::DropWithoutFiles(size_t k) {
  Match& match = matches_[k];
  if (match.from < 0 || match.pictures) return;
  const auto status = reader_.Read<double>(match.from, "status").values;
  for (const std::string kind : kPictureKinds) {
    if (!plan_.config.save.contains(kind)) continue;
    for (const int64_t place : places_)
      if (place >= 0 && status[place] == static_cast<double>(Status::kDone) &&
          FindPicture(match.from, kind, reader_.samples()[place].id).empty()) {
        match.missing.insert(kind);
        match.measurable = false;
        return;
      }
  }
}

fs::path Extension::FindPicture(size_t setting, const std::string& kind, int64_t sample_id) const {
  const bool clip = plan_.pipeline->info().frames > 0;
  for (const auto& result : results_) {
    const fs::path folder = fs::is_directory(result) ? result : result.parent_path();
    const fs::path picture = PicturePath(folder, kind, folder_names_[setting], sample_id, clip);
    if (std::error_code error; fs::exists(picture, error)) return picture;
  }
  return {};
}

void Extension::RequireAnything() const {
  if (why_.empty()) {
    for (int64_t ordinal = plan_.begin; ordinal < plan_.end; ++ordinal)
      if (std::ranges::any_of(Decide(ordinal), [](const Use& use) { return use.taken && !use.sampled; })) return;
  }
  std::string names;
  for (const auto& result : results_) names += (names.empty() ? "" : ", ") + result.string();
  std::string why = why_;
  for (size_t k = 0; why.empty() && k < matches_.size(); ++k)
    if (matches_[k].from >= 0 && !matches_[k].missing.empty())
      why = fmt::format("setting {}: {} is not there, and neither are pictures and latents to measure it on",
                        header_.settings[k].label, *matches_[k].missing.begin());
  if (why.empty()) why = "none of its samples is in both";
  Fail("{} (there): nothing of it can be taken for {} (here), so that it cannot be extended: {}", names,
       plan_.config.file.string(), why);
}

bool Extension::Has(size_t setting, int64_t ordinal) const {
  const Match& match = matches_[setting];
  if (match.from < 0 || places_[ordinal] < 0) return false;
  if (!match.by_group) return true;
  // The same members decided together there.
  const int64_t size = plan_.config.group_size, begin = ordinal / size * size;
  const int64_t end = std::min<int64_t>(begin + size, std::ssize(plan_.samples));
  if (std::min(begin + size, reader_.header().sample_count) != end) return false;
  for (int64_t k = begin; k < end; ++k)
    if (places_[k] < 0 || reader_.samples()[places_[k]].ordinal != k) return false;
  return true;
}

std::vector<Extension::Use> Extension::Decide(int64_t ordinal) const {
  std::vector<Use> uses(matches_.size());
  const int64_t begin = ordinal / unit_ * unit_, end = std::min<int64_t>(begin + unit_, std::ssize(places_));
  for (size_t k = 0; k < uses.size(); ++k) {
    uses[k].taken = true;
    for (int64_t one = begin; one < end; ++one)
      uses[k].taken &= Has(k, one) && places_[one] == places_[begin] + (one - begin);
    const Match& match = matches_[k];
    const bool measured =
        match.measurable && (!match.demand.picture || match.pictures) && (!match.demand.latent || match.latents);
    uses[k].sampled = !uses[k].taken || !measured;
    if (!uses[k].taken || uses[k].sampled || match.missing.empty()) continue;
    uses[k].pictures = match.demand.picture, uses[k].latents = match.demand.latent;
  }
  // Of the references, what the others are compared with.
  const Demand all = DemandOf(nullptr);
  for (size_t k = 0; k < uses.size(); ++k) {
    const PlannedSetting& setting = plan_.settings[k];
    const auto r = static_cast<size_t>(setting.reference);
    if (r == k || !setting.supported || uses[r].sampled || (!uses[k].sampled && matches_[k].missing.empty())) continue;
    const Demand& demand = uses[k].sampled ? all : matches_[k].demand;
    const bool beside = plan_.config.traces && uses[k].sampled && setting.scheduler == plan_.settings[r].scheduler;
    if (beside || (demand.reference_picture && !matches_[r].pictures) ||
        (demand.reference_latent && !matches_[r].latents)) {
      uses[r].sampled = true;
      continue;
    }
    uses[r].pictures |= demand.reference_picture;
    uses[r].latents |= demand.reference_latent;
  }
  const bool files =
      std::ranges::any_of(kPictureKinds, [&](const char* kind) { return plan_.config.save.contains(kind); });
  for (size_t k = 0; k < uses.size(); ++k) {
    if (uses[k].sampled) uses[k].pictures = uses[k].latents = false;
    if (!uses[k].sampled && files && matches_[k].pictures) uses[k].pictures = true;
  }
  return uses;
}

std::vector<std::pair<int64_t, int64_t>> Extension::Cut(const std::vector<std::pair<int64_t, int64_t>>& waves) const {
  std::vector<std::pair<int64_t, int64_t>> parts;
  const auto fits = [&](int64_t before, int64_t now) {  // the same settings, and the next place in RESULT
    const auto a = Decide(before), b = Decide(now);
    bool any = false;
    for (size_t k = 0; k < a.size(); ++k) {
      if (a[k].taken != b[k].taken) return false;
      any |= a[k].taken;
    }
    return !any || places_[now] == places_[before] + 1;
  };
  for (const auto& [begin, end] : waves) {
    int64_t first = begin;
    for (int64_t next = begin + 1; next < end; ++next)
      if (next % unit_ == 0 && !fits(next - 1, next)) {
        parts.emplace_back(first, next);
        first = next;
      }
    parts.emplace_back(first, end);
  }
  return parts;
}

TakenWave Extension::Take(int64_t begin, int64_t end) const {
  TakenWave wave;
  const auto uses = Decide(begin);
  const int64_t place = places_[begin], count = end - begin;
  for (size_t k = 0; k < uses.size(); ++k) {
    TakenSetting& setting = wave.settings.emplace_back();
    setting.taken = uses[k].taken;
    setting.sampled = uses[k].sampled;
    if (!setting.taken) continue;
    const auto from = static_cast<size_t>(matches_[k].from);
    setting.missing = matches_[k].missing;
    setting.stored = ReadColumns(reader_, from, place, count, columns_[k], setting.missing);
    if (uses[k].pictures) setting.pictures = ReadPictures(reader_, from, place, setting.stored.status);
    if (uses[k].latents)
      setting.latents =
          ReadFinalLatents(reader_, from, place, setting.stored.status, plan_.config.model.dtype, plan_.device);
  }
  return wave;
}

int64_t Extension::Taken(int64_t begin, int64_t end) const {
  return std::ranges::count_if(Decide(begin), [](const Use& use) { return use.taken && !use.sampled; }) * (end - begin);
}

void Extension::CopyFiles(size_t setting, int64_t ordinal, const fs::path& out) const {
  const bool clip = plan_.pipeline->info().frames > 0;
  const int64_t id = plan_.samples[ordinal].id;
  for (const std::string kind : kPictureKinds) {
    if (!plan_.config.save.contains(kind)) continue;
    const fs::path picture = FindPicture(static_cast<size_t>(matches_[setting].from), kind, id);
    if (picture.empty()) continue;
    const fs::path to = PicturePath(out, kind, plan_.setting_folders[setting], id, clip);
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error) fs::copy(picture, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
    if (error) Fail("{}: cannot be copied to {}: {}", picture.string(), to.string(), error.message());
  }
}

}  // namespace skipbench
