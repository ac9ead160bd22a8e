#include "harness/store/join.h"

#include <algorithm>
#include <map>

namespace skipbench {
namespace {

constexpr int64_t kBytesAtOnce = int64_t{32} << 20;

// Where each row of each source goes.
struct Order {
  std::vector<SampleInfo> samples;                 // sorted
  std::vector<std::vector<int64_t>> places;        // [source][row]
};

Order OrderOf(const std::vector<Source>& sources) {
  Order order;
  for (const auto& source : sources)
    order.samples.insert(order.samples.end(), source.samples().begin(), source.samples().end());
  std::sort(order.samples.begin(), order.samples.end(), [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  std::map<int64_t, int64_t> place_of;
  for (size_t i = 0; i < order.samples.size(); ++i) place_of[order.samples[i].ordinal] = static_cast<int64_t>(i);
  for (const auto& source : sources) {
    auto& places = order.places.emplace_back();
    for (const auto& sample : source.samples()) places.push_back(place_of[sample.ordinal]);
  }
  return order;
}

// Copies rows [first, last) of `from`, whose places in `to` are consecutive, in pieces.
template <class T>
void CopyRun(const hdf5::Dataset& from, hdf5::Dataset& to, int64_t first, int64_t last, int64_t place) {
  const int64_t row_bytes = std::max<int64_t>(1, from.row_elements() * static_cast<int64_t>(sizeof(T)));
  const int64_t step = std::max<int64_t>(1, kBytesAtOnce / row_bytes);
  for (int64_t row = first; row < last; row += step) {
    const auto values = from.ReadRows<T>(row, std::min(step, last - row));
    to.WriteRows<T>(place + row - first, std::span<const T>(values));
  }
}

template <class T>
void CopyRows(const hdf5::Dataset& from, hdf5::Dataset& to, const std::vector<int64_t>& places) {
  const int64_t rows = static_cast<int64_t>(places.size());
  for (int64_t first = 0; first < rows;) {
    int64_t last = first + 1;
    while (last < rows && places[last] == places[last - 1] + 1) ++last;
    CopyRun<T>(from, to, first, last, places[first]);
    first = last;
  }
}

void CopyColumn(const hdf5::Dataset& from, hdf5::Dataset& to, const std::vector<int64_t>& places) {
  switch (to.type()) {
    case hdf5::Type::kUint8: return CopyRows<uint8_t>(from, to, places);
    case hdf5::Type::kInt16: return CopyRows<int16_t>(from, to, places);
    case hdf5::Type::kInt32: return CopyRows<int32_t>(from, to, places);
    case hdf5::Type::kInt64: return CopyRows<int64_t>(from, to, places);
    case hdf5::Type::kUint64: return CopyRows<uint64_t>(from, to, places);
    case hdf5::Type::kFloat32: return CopyRows<float>(from, to, places);
    case hdf5::Type::kFloat64: return CopyRows<double>(from, to, places);
    case hdf5::Type::kString: return CopyRows<std::string>(from, to, places);
  }
}

// The first source that has samples: it says which columns there are.
const Source* WithSamples(const std::vector<Source>& sources) {
  for (const auto& source : sources)
    if (!source.samples().empty()) return &source;
  return nullptr;
}

void JoinColumns(std::vector<Source>& sources, hdf5::Group& root, const Order& order) {
  const Source* pattern = WithSamples(sources);
  if (!pattern) return;
  // All datasets first, then source after source, so that each is open only once.
  const int64_t n = static_cast<int64_t>(order.samples.size());
  hdf5::Group settings = root.OpenGroup("settings");
  for (size_t k = 0; k < pattern->header().settings.size(); ++k) {
    hdf5::Group setting = settings.OpenGroup(std::to_string(k));
    for (const auto& column : pattern->columns(k)) CreateColumn(setting, column, n);
  }
  for (size_t s = 0; s < sources.size(); ++s) {
    if (sources[s].samples().empty()) continue;
    for (size_t k = 0; k < pattern->header().settings.size(); ++k) {
      const hdf5::Group from = sources[s].Setting(k);
      const hdf5::Group to = settings.OpenGroup(std::to_string(k));
      for (const auto& column : pattern->columns(k)) {
        hdf5::Dataset target = OpenColumn(to, column.name);
        CopyColumn(OpenColumn(from, column.name), target, order.places[s]);
      }
    }
    sources[s].Close();
  }
}

void JoinExtras(std::vector<Source>& sources, hdf5::Group& root) {
  std::map<std::string, Source*> last;
  for (auto& source : sources)
    for (const auto& name : source.extras()) last[name] = &source;
  for (auto& [name, source] : last) {
    root.CopyFrom(source->root(), name);
    source->Close();
  }
}

std::vector<WaveRecord> AllWaves(const std::vector<Source>& sources) {
  std::vector<WaveRecord> waves;
  for (const auto& source : sources) waves.insert(waves.end(), source.waves().begin(), source.waves().end());
  std::sort(waves.begin(), waves.end(), [](const auto& a, const auto& b) { return a.first_ordinal < b.first_ordinal; });
  return waves;
}

}  // namespace

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

void Join(std::vector<Source>& sources, const std::filesystem::path& path) {
  if (sources.empty()) Fail("{}: there is nothing to join", path.string());
  RequireSameColumns(sources);
  const Order order = OrderOf(sources);
  std::vector<Json> environments;
  for (const auto& source : sources) MergeEnvironments(environments, source.environments());
  hdf5::FileWriter writer(path);
  WriteHeader(writer.root(), sources.front().header(), environments);
  if (!order.samples.empty()) {
    WriteSamples(writer.root(), order.samples);
    WriteWaves(writer.root(), AllWaves(sources));
    JoinColumns(sources, writer.root(), order);
  }
  JoinExtras(sources, writer.root());
  writer.Commit();
}

}  // namespace skipbench
