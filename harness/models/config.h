// Reading the config.json of diffusers' models: values that are one number or one for each level, and refusals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// Bounds that keep every product of sizes far from overflow; the published models are far inside.
inline constexpr int64_t kMaxChannels = 65536;
inline constexpr int64_t kMaxLevels = 16;
inline constexpr int64_t kMaxLayers = 256;

// A list of `min_size` to kMaxLevels integers in [min, max]; `fallback` if the key is absent or null.
std::vector<int64_t> IntList(const JsonReader& json, const std::string& key, const std::vector<int64_t>& fallback,
                             int64_t min, int64_t max);
// One integer for all levels, or a list with one for each.
std::vector<int64_t> PerLevel(const JsonReader& json, const std::string& key, int64_t fallback, int64_t levels,
                              int64_t min, int64_t max);
std::vector<bool> BoolPerLevel(const JsonReader& json, const std::string& key, bool fallback, int64_t levels);

// Block types, one for each level: true where it is `other`, false where it is `plain`; UnsupportedError for another.
std::vector<bool> BlockTypes(const JsonReader& json, const std::string& key, const std::vector<std::string>& fallback,
                             const std::string& plain, const std::string& other, size_t levels);

// Throws Error unless all `channels` of block_out_channels can be split into `groups` groups.
void CheckGroups(const JsonReader& json, const std::vector<int64_t>& channels, int64_t groups);

// sample_size: absent or null (0), one number, or [height, width], of which the first counts.
int64_t SampleSize(const JsonReader& json);

// UnsupportedError "FILE: key: VALUE is not supported (only ...)" unless the key is absent, null or equal to one of
// `allowed`.
void Only(const JsonReader& json, const std::string& key, const std::vector<Json>& allowed);
[[noreturn]] void FailUnsupportedValue(const JsonReader& json, const std::string& key, const std::string& supported);

// _class_name must be one of the names of the network T, or absent.
void CheckClassName(const JsonReader& json, const std::vector<std::string>& expected);
template <typename T>
void CheckClassName(const JsonReader& json) {
  CheckClassName(json, {std::begin(T::kClassNames), std::end(T::kClassNames)});
}
// Ignores the keys given and those that change nothing (beginning with "_", null, of training, or at the value at which
// they are off), then rejects what nobody asked for.
void IgnoreTheRest(const JsonReader& json, const std::vector<std::string>& keys);
// The keys of a config that change nothing about any network of diffusers 0.42, but for those beginning with "_": for
// notes.
std::vector<std::string> KeysWithoutEffect(const Json& config);

}  // namespace skipbench
