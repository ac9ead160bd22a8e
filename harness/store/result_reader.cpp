#include "harness/store/result_reader.h"

#include <algorithm>

#include "harness/store/latency.h"

namespace skipbench {

namespace fs = std::filesystem;

ResultReader ResultReader::Open(const std::vector<fs::path>& paths, const OpenOptions& options) {
  if (paths.empty()) Fail("no result was given");
  ResultReader reader;
  reader.known_ = options.known;
  for (const auto& path : paths) {
    std::vector<Source> sources = OpenResult(path, options);
    // Within one folder the newest measurements replace older ones; those of different folders stand beside each other.
    for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
      const auto& extras = source->extras();
      if (std::find(extras.begin(), extras.end(), kLatencyGroup) == extras.end()) continue;
      for (auto& record : ReadLatency(source->root().OpenGroup(kLatencyGroup), source->header()))
        reader.latency_.push_back(std::move(record));
      source->Close();
      break;
    }
    for (auto& source : sources) reader.sources_.push_back(std::move(source));
    reader.CloseIfMany();
  }
  RequireOneRun(reader.sources_, /*shards=*/true);
  RequireSameColumns(reader.sources_);
  for (const auto& source : reader.sources_) {
    MergeEnvironments(reader.environments_, source.environments());
    reader.notes_.insert(reader.notes_.end(), source.notes().begin(), source.notes().end());
  }
  reader.waves_ = AllWaves(reader.sources_);
  reader.order_ = OrderOf(reader.sources_);
  reader.ReadScalars();
  return reader;
}

void ResultReader::Keep(const KeptSamples& kept) {
  if (kept.until.size() != header().settings.size())
    Fail("what is kept of {} settings was said; the results have {}", kept.until.size(), header().settings.size());
  kept_ = kept;
  order_ = OrderOf(sources_, kept.end);
  scalars_.clear();
  ReadScalars();
  for (size_t k = 0; k < scalars_.size(); ++k)
    if (const auto status = scalars_[k].find("status"); status != scalars_[k].end())
      for (size_t i = 0; i < samples().size(); ++i)
        if (samples()[i].ordinal >= kept.until[k]) status->second[i] = static_cast<double>(Status::kNotRun);
}

void ResultReader::CloseIfMany() const {
  if (sources_.size() > kKeepOpen)
    for (auto& source : sources_) source.Close();
}

// Numbers with one value a sample, source after source: tables need all of them.
void ResultReader::ReadScalars() {
  scalars_.resize(header().settings.size());
  for (size_t s = 0; s < sources_.size(); ++s) {
    if (sources_[s].samples().empty()) continue;
    for (size_t k = 0; k < scalars_.size(); ++k) {
      const hdf5::Group setting = sources_[s].Setting(k);
      for (const auto& column : sources_[s].columns(k)) {
        if (!column.row_shape.empty() || column.type == hdf5::Type::kString) continue;
        auto& values = scalars_[k][column.name];
        values.resize(samples().size());
        const auto part = OpenColumn(setting, column.name).Read<double>();
        for (size_t i = 0; i < part.size(); ++i)
          if (order_.places[s][i] >= 0) values[order_.places[s][i]] = part[i];
      }
    }
    CloseIfMany();
  }
}

const std::vector<ColumnInfo>& ResultReader::Columns(size_t setting) const {
  static const std::vector<ColumnInfo> none;
  if (setting >= header().settings.size())
    Fail("setting {} was asked for; there are {}", setting, header().settings.size());
  for (const auto& source : sources_)
    if (!source.samples().empty()) return source.columns(setting);
  return none;
}

const ColumnInfo* ResultReader::FindColumn(size_t setting, const std::string& name) const {
  for (const auto& column : Columns(setting))
    if (column.name == name) return &column;
  return nullptr;
}

std::vector<MetricInfo> ResultReader::Metrics(size_t setting) const {
  std::vector<MetricInfo> metrics;
  for (const auto& column : Columns(setting))
    if (column.metric && column.row_shape.empty()) metrics.push_back(*column.metric);
  return metrics;
}

template <class T>
Array<T> ResultReader::ReadSamples(size_t setting, const std::string& column, int64_t first, int64_t count) const {
  const ColumnInfo* info = FindColumn(setting, column);
  if (!info)
    Fail("{}: the setting {} has no column {}", sources_.front().path().string(), header().settings[setting].label,
         column);
  if (first < 0 || count < 0 || first + count > std::ssize(samples()))
    Fail("samples {} to {} were asked for; there are {}", first, first + count, samples().size());
  Array<T> result;
  result.shape = {count};
  result.shape.insert(result.shape.end(), info->row_shape.begin(), info->row_shape.end());
  if constexpr (std::is_same_v<T, double>)
    if (const auto found = scalars_[setting].find(column); found != scalars_[setting].end()) {
      result.values.assign(found->second.begin() + first, found->second.begin() + first + count);
      return result;
    }
  const int64_t row = hdf5::Elements(info->row_shape);
  result.values.resize(static_cast<size_t>(hdf5::Elements(result.shape)));
  for (size_t s = 0; s < sources_.size(); ++s) {
    // The smallest stretch of the source's rows that has all that is wanted.
    const auto& places = order_.places[s];
    auto wanted = [&](int64_t place) { return place >= first && place < first + count; };
    const auto begin = std::find_if(places.begin(), places.end(), wanted);
    if (begin == places.end()) continue;
    const auto end = std::find_if(places.rbegin(), places.rend(), wanted).base();
    std::vector<T> values =
        OpenColumn(sources_[s].Setting(setting), column).template ReadRows<T>(begin - places.begin(), end - begin);
    for (auto place = begin; place != end; ++place)
      if (wanted(*place))
        std::move(values.begin() + (place - begin) * row, values.begin() + (place - begin + 1) * row,
                  result.values.begin() + (*place - first) * row);
    CloseIfMany();
  }
  if constexpr (std::is_same_v<T, uint8_t>)
    if (column == "status" && kept_)
      for (int64_t i = 0; i < count; ++i)
        if (samples()[first + i].ordinal >= kept_->until[setting])
          result.values[static_cast<size_t>(i)] = static_cast<uint8_t>(Status::kNotRun);
  return result;
}

template Array<uint8_t> ResultReader::ReadSamples<uint8_t>(size_t, const std::string&, int64_t, int64_t) const;
template Array<int16_t> ResultReader::ReadSamples<int16_t>(size_t, const std::string&, int64_t, int64_t) const;
template Array<int32_t> ResultReader::ReadSamples<int32_t>(size_t, const std::string&, int64_t, int64_t) const;
template Array<float> ResultReader::ReadSamples<float>(size_t, const std::string&, int64_t, int64_t) const;
template Array<double> ResultReader::ReadSamples<double>(size_t, const std::string&, int64_t, int64_t) const;
template Array<std::string> ResultReader::ReadSamples<std::string>(size_t, const std::string&, int64_t, int64_t) const;

WaveCost ResultReader::TotalCost() const {
  WaveCost total;
  for (const auto& wave : waves_) {
    total.evaluations += wave.cost.evaluations;
    total.separate_evaluations += wave.cost.separate_evaluations;
    total.shallow_evaluations += wave.cost.shallow_evaluations;
    total.separate_shallow_evaluations += wave.cost.separate_shallow_evaluations;
    total.wall_s += wave.cost.wall_s;
    total.finished_at = std::max(total.finished_at, wave.cost.finished_at);
    for (const auto& [stage, seconds] : wave.cost.stage_s) total.stage_s[stage] += seconds;
  }
  return total;
}

std::set<std::string> ResultReader::Extras() const {
  std::set<std::string> names;
  for (const auto& source : sources_) names.insert(source.extras().begin(), source.extras().end());
  return names;
}

std::vector<hdf5::Group> ResultReader::OpenExtra(const std::string& name) const {
  std::vector<hdf5::Group> groups;
  for (auto& source : sources_)
    if (source.root().Has(name)) groups.push_back(source.root().OpenGroup(name));
  return groups;
}

}  // namespace skipbench
