#include "harness/experiment/extend/taken_columns.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace skipbench {
namespace {

// Calls visit(name, member) for every column of a setting that has other than plain numbers, in groups by name.
template <typename Visit>
void EachNamed(SettingWave& wave, const Visit& visit) {
  visit("action", wave.action);
  visit("action_unconditional", wave.action_unconditional);
  visit("branch", wave.branch);
  visit("latents", wave.latents);
  visit("noise_predictions", wave.noise_predictions);
  visit("thumbnail", wave.thumbnail);
  visit("images", wave.images);
}

template <typename T>
at::Tensor RowOf(const Array<T>& array, int64_t row, at::ScalarType type) {
  std::vector<int64_t> shape(array.shape.begin() + 1, array.shape.end());
  const int64_t elements = hdf5::Elements(shape);
  const at::Tensor tensor = at::empty(shape, type);
  std::memcpy(tensor.mutable_data_ptr(), array.values.data() + row * elements,
              static_cast<size_t>(elements) * sizeof(T));
  return tensor;
}

template <typename Values>
std::string Difference(const std::string& name, const Values& stored, const Values& now) {
  if (stored.size() != now.size()) return fmt::format("{}: {} values stored, {} now", name, stored.size(), now.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    using T = std::decay_t<decltype(stored[i])>;
    if (stored[i] == now[i]) continue;
    if constexpr (std::is_floating_point_v<T>)
      if (std::isnan(stored[i]) && std::isnan(now[i])) continue;
    return fmt::format("{}: {} stored, {} now", name, stored[i], now[i]);
  }
  return "";
}

// Of pictures of 0 to 255 that were rounded otherwise on the way.
template <typename Values>
std::string FarDifference(const std::string& name, const Values& stored, const Values& now) {
  constexpr int kRounding = 8;
  for (size_t i = 0; i < std::min(stored.size(), now.size()); ++i)
    if constexpr (std::is_same_v<std::decay_t<decltype(stored[i])>, uint8_t>)
      if (std::abs(int{stored[i]} - int{now[i]}) > kRounding)
        return fmt::format("{}: {} stored, {} now", name, stored[i], now[i]);
  return "";
}

}  // namespace

SettingWave ReadColumns(const ResultReader& result, size_t setting, int64_t place, int64_t count,
                        const std::vector<ColumnInfo>& columns, const std::set<std::string>& missing) {
  SettingWave wave;
  const auto read = [&]<typename T>(const std::string& name, Array<T>* to) {
    *to = result.ReadSamples<T>(setting, name, place, count);
  };
  const auto values = [&]<typename T>(const std::string& name, std::vector<T>* to) {
    *to = result.ReadSamples<T>(setting, name, place, count).values;
  };
  for (const auto& column : columns) {
    const std::string& name = column.name;
    if (missing.contains(name)) continue;
    const size_t slash = name.find('/');
    const std::string folder = name.substr(0, slash == std::string::npos ? 0 : slash), rest = name.substr(slash + 1);
    bool found = false;
    EachNamed(wave, [&](const char* own, auto& array) {
      if (name != own) return;
      read(name, &array);
      found = true;
    });
    if (found) continue;
    if (folder == "traces") {
      read(name, &wave.traces[rest]);
    } else if (folder == "features") {
      read(name, &wave.features[rest]);
    } else if (folder == "auxiliary") {
      values(name, &wave.auxiliary[rest]);
    } else if (name == "nfe") {
      values(name, &wave.nfe);
    } else if (name == "shallow_nfe") {
      values(name, &wave.shallow_nfe);
    } else if (name == "macs_modules") {
      values(name, &wave.macs_modules);
    } else if (name == "macs_matmuls") {
      values(name, &wave.macs_matmuls);
    } else if (name == "message") {
      values(name, &wave.message);
    } else if (name == "status") {
      for (const uint8_t code : result.ReadSamples<uint8_t>(setting, name, place, count).values)
        wave.status.push_back(static_cast<Status>(code));
    } else if (column.metric) {
      values(name, &wave.metrics[name]);
    } else {
      Fail("the column {} of {} cannot be taken: it is none that a run writes", name,
           result.header().settings[setting].label);
    }
  }
  return wave;
}

std::vector<at::Tensor> ReadPictures(const ResultReader& result, size_t setting, int64_t place,
                                     const std::vector<Status>& status) {
  const auto images = result.ReadSamples<uint8_t>(setting, "images", place, std::ssize(status));
  std::vector<at::Tensor> pictures(status.size());
  for (size_t s = 0; s < status.size(); ++s)
    if (status[s] == Status::kDone)
      pictures[s] = RowOf(images, static_cast<int64_t>(s), at::kByte).movedim(-1, -3).contiguous();
  return pictures;
}

std::vector<at::Tensor> ReadFinalLatents(const ResultReader& result, size_t setting, int64_t place,
                                         const std::vector<Status>& status, at::ScalarType dtype, at::Device device) {
  std::vector<at::Tensor> latents(status.size());
  for (size_t s = 0; s < status.size(); ++s) {
    if (status[s] != Status::kDone) continue;
    const auto states = result.ReadSamples<float>(setting, "latents", place + static_cast<int64_t>(s), 1);
    latents[s] = RowOf(states, 0, at::kFloat)[-1].to(device, dtype);
  }
  return latents;
}

void MoveColumns(SettingWave&& from, const std::set<std::string>& names, SettingWave* to) {
  const auto rest = [](const std::string& name) { return name.substr(name.find('/') + 1); };
  for (const auto& name : names) {
    if (name == "thumbnail") to->thumbnail = std::move(from.thumbnail);
    if (name.starts_with("features/")) to->features[rest(name)] = std::move(from.features.at(rest(name)));
    if (name.starts_with("auxiliary/")) to->auxiliary[rest(name)] = std::move(from.auxiliary.at(rest(name)));
    if (const auto metric = from.metrics.find(name); metric != from.metrics.end())
      to->metrics[name] = std::move(metric->second);
  }
}

std::string StoredDifference(const SettingWave& stored, const SettingWave& now, const SettingInfo& setting, bool bits) {
  std::vector<MetricInfo> metrics;
  for (const auto* wave : {&stored, &now})
    for (const auto& [name, values] : wave->metrics) metrics.push_back({.name = name});
  const auto n = std::ssize(now.status);
  const auto before = ColumnsOf(stored, n, setting, metrics, setting.label);
  const auto after = ColumnsOf(now, n, setting, metrics, setting.label);
  for (const auto& column : before)
    for (const auto& other : after) {
      const std::string& name = column.info.name;
      if (name != other.info.name || column.values.index() != other.values.index() || name == "message") continue;
      const std::string found = std::visit(
          [&](const auto& values) {
            using Values = std::decay_t<decltype(values)>;
            const Values& here = std::get<Values>(other.values);
            if (!bits && name == "thumbnail") return FarDifference(name, values, here);
            return bits || name == "status" ? Difference(name, values, here) : std::string();
          },
          column.values);
      if (!found.empty()) return found;
    }
  return "";
}

}  // namespace skipbench
