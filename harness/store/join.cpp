#include "harness/store/join.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

namespace skipbench {
namespace {

// What a column has where a setting was not run: NaN, 0 or "", and the status that says so.
void WriteNotRun(hdf5::Dataset& to, const std::string& column, int64_t place) {
  hdf5::WithType(to.type(), [&](auto none) {
    using T = decltype(none);
    if constexpr (std::is_floating_point_v<T>) none = std::numeric_limits<T>::quiet_NaN();
    if constexpr (std::is_same_v<T, uint8_t>)
      if (column == "status") none = static_cast<uint8_t>(Status::kNotRun);
    const std::vector<T> row(static_cast<size_t>(to.row_elements()), none);
    to.WriteRows<T>(place, std::span<const T>(row));
  });
}

// Rows whose places are consecutive are copied together; `counts`: the row at a place does.
void CopyColumn(const hdf5::Dataset& from, hdf5::Dataset& to, const std::vector<int64_t>& places,
                const std::string& column, const std::function<bool(int64_t)>& counts) {
  const size_t rows = places.size();
  for (size_t first = 0; first < rows;) {
    size_t last = first + 1;
    if (places[first] >= 0 && !counts(places[first])) {
      WriteNotRun(to, column, places[first]);
    } else if (places[first] >= 0) {
      while (last < rows && places[last] == places[last - 1] + 1 && counts(places[last])) ++last;
      to.CopyRows(from, static_cast<int64_t>(first), static_cast<int64_t>(last), places[first]);
    }
    first = last;
  }
}

// The first source that has samples: it says which columns there are.
const Source* WithSamples(const std::vector<Source>& sources) {
  for (const auto& source : sources)
    if (!source.samples().empty()) return &source;
  return nullptr;
}

void JoinColumns(std::vector<Source>& sources, hdf5::Group& root, const SampleOrder& order, bool compact,
                 const std::optional<KeptSamples>& kept) {
  const Source* pattern = WithSamples(sources);
  if (!pattern) return;
  // All datasets first, then source after source, so that each is open only once.
  const int64_t n = std::ssize(order.samples);
  hdf5::Group settings = root.OpenGroup("settings");
  for (size_t k = 0; k < pattern->header().settings.size(); ++k) {
    hdf5::Group setting = settings.OpenGroup(std::to_string(k));
    for (const auto& column : pattern->columns(k))
      if (!compact || KeptCompact(column)) CreateColumn(setting, column, n);
  }
  for (size_t s = 0; s < sources.size(); ++s) {
    if (sources[s].samples().empty()) continue;
    for (size_t k = 0; k < pattern->header().settings.size(); ++k) {
      const hdf5::Group from = sources[s].Setting(k);
      const hdf5::Group to = settings.OpenGroup(std::to_string(k));
      for (const auto& column : pattern->columns(k)) {
        if (compact && !KeptCompact(column)) continue;
        hdf5::Dataset target = OpenColumn(to, column.name);
        CopyColumn(OpenColumn(from, column.name), target, order.places[s], column.name, [&](int64_t place) {
          return !kept || order.samples[static_cast<size_t>(place)].ordinal < kept->until[k];
        });
      }
    }
    sources[s].Close();
  }
}

void JoinExtras(std::vector<Source>& sources, hdf5::Group& root, int64_t samples, const std::string& but) {
  std::map<std::string, Source*> last;
  for (auto& source : sources) {
    for (const auto& name : source.extras()) {
      // What was computed over the samples of one part says nothing of them all.
      if (name == but) continue;
      const hdf5::Group group = source.root().OpenGroup(name);
      if (group.HasAttribute("samples") && group.Attribute<int64_t>("samples") != samples) continue;
      last[name] = &source;
    }
    source.Close();
  }
  for (auto& [name, source] : last) {
    root.CopyGroup(source->root(), name);
    source->Close();
  }
}

}  // namespace

SampleOrder OrderOf(const std::vector<Source>& sources, std::optional<int64_t> end) {
  SampleOrder order;
  for (const auto& source : sources)
    for (const auto& sample : source.samples())
      if (!end || sample.ordinal < *end) order.samples.push_back(sample);
  std::sort(order.samples.begin(), order.samples.end(),
            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  std::map<int64_t, int64_t> place_of;
  for (size_t i = 0; i < order.samples.size(); ++i) place_of[order.samples[i].ordinal] = static_cast<int64_t>(i);
  for (const auto& source : sources) {
    auto& places = order.places.emplace_back();
    for (const auto& sample : source.samples()) {
      const auto place = place_of.find(sample.ordinal);
      places.push_back(place == place_of.end() ? -1 : place->second);
    }
  }
  return order;
}

std::vector<WaveRecord> AllWaves(const std::vector<Source>& sources) {
  std::vector<WaveRecord> waves;
  for (const auto& source : sources) waves.insert(waves.end(), source.waves().begin(), source.waves().end());
  std::sort(waves.begin(), waves.end(), [](const auto& a, const auto& b) { return a.first_ordinal < b.first_ordinal; });
  return waves;
}

void RequireSameColumns(const std::vector<Source>& sources) {
  const Source* pattern = WithSamples(sources);
  for (const auto& source : sources) {
    if (source.samples().empty()) continue;
    for (size_t k = 0; k < pattern->header().settings.size(); ++k) {
      auto require = [&](const Source& has, const Source& lacks) {
        for (const auto& column : has.columns(k))
          if (std::find(lacks.columns(k).begin(), lacks.columns(k).end(), column) == lacks.columns(k).end())
            Fail("{} and {} do not fit together: for the setting {} only the first has {}", has.path().string(),
                 lacks.path().string(), pattern->header().settings[k].label, Describe(column));
      };
      require(*pattern, source);
      require(source, *pattern);
    }
  }
}

bool KeptCompact(const ColumnInfo& column) {
  static const std::set<std::string> kLeftOut = {"traces",  "features",          "auxiliary", "thumbnail",
                                                 "latents", "noise_predictions", "images"};
  return !kLeftOut.contains(column.name.substr(0, column.name.find('/')));
}

void Join(std::vector<Source>& sources, const std::filesystem::path& path, const JoinOptions& options) {
  if (sources.empty()) Fail("{}: there is nothing to join", path.string());
  RequireSameColumns(sources);
  const SampleOrder order = OrderOf(sources, options.kept ? std::optional<int64_t>(options.kept->end) : std::nullopt);
  std::vector<Json> environments;
  for (const auto& source : sources) MergeEnvironments(environments, source.environments());
  hdf5::FileWriter writer(path, /*compressed=*/options.compact);
  RunHeader header = sources.front().header();
  if (options.shard) header.shard = *options.shard;
  WriteHeader(writer.root(), header, environments);
  if (!order.samples.empty()) {
    WriteSamples(writer.root(), order.samples);
    WriteWaves(writer.root(), AllWaves(sources));
    JoinColumns(sources, writer.root(), order, options.compact, options.kept);
  }
  JoinExtras(sources, writer.root(), std::ssize(order.samples), options.part);
  if (options.fill) {
    hdf5::Group part = writer.root().CreateGroup(options.part);
    options.fill(part);
  }
  writer.Commit();
}

}  // namespace skipbench
