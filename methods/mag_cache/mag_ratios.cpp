#include "methods/mag_cache/mag_ratios.h"

#include <cmath>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace skipbench {
namespace {

std::vector<double> ReadRow(const JsonReader& reader, const std::string& key, int64_t steps, const std::string& file) {
  const std::vector<double> row = reader.Doubles(key);
  if (std::ssize(row) != steps)
    Fail("{}: ratios.{}: expected {} numbers, one a call, found {}", file, key, steps, row.size());
  for (const double ratio : row)
    if (!(ratio > 0)) Fail("{}: ratios.{}: expected ratios above 0, found {}", file, key, ratio);
  return row;
}

}  // namespace

MagRatios ReadMagRatios(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path path = (folder / name).lexically_normal();
  const std::string file = path.string();
  const Json json = ReadJsonFile(path);
  const JsonReader reader(json, file);
  MagRatios ratios{.name = name, .model = reader.String("model")};
  const int64_t steps = reader.Int("calls", 1, 1000000);
  const JsonReader rows = reader.Object("ratios");
  const Json& given = json["ratios"];
  if (given.contains("unconditional")) ratios.rows.push_back(ReadRow(rows, "unconditional", steps, file));
  ratios.rows.push_back(ReadRow(rows, "conditional", steps, file));
  rows.RejectUnknownKeys();
  return ratios;
}

std::vector<double> ResampleRatios(const std::vector<double>& ratios, int calls, bool single) {
  const auto length = static_cast<int>(ratios.size());
  if (length == calls) return ratios;
  if (calls == 1) return {ratios.back()};
  const double scale = static_cast<double>(length - 1) / (calls - 1);
  std::vector<double> resampled;
  for (int call = 0; call < calls; ++call) {
    const double place =
        single ? std::nearbyint(static_cast<float>(call) * static_cast<float>(scale)) : std::nearbyint(call * scale);
    resampled.push_back(ratios[static_cast<size_t>(place)]);
  }
  return resampled;
}

}  // namespace skipbench
