#include "harness/experiment/config/shard.h"

#include <algorithm>
#include <charconv>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr int kMaxShards = 1'000'000;

// The whole of `text` as a number; -1 if it is none.
int Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && text[0] != '-' ? value : -1;
}

}  // namespace

Shard ParseShard(const std::string& text) {
  const size_t slash = text.find('/');
  const int index = Number(std::string_view(text).substr(0, slash));
  const int count = slash == std::string::npos ? -1 : Number(std::string_view(text).substr(slash + 1));
  if (index < 0 || count < 1 || count > kMaxShards || index >= count)
    Fail("--shard {}: expected i/n with 0 <= i < n: 0/5 to 4/5 are the five shards of a run", text);
  return {index, count};
}

std::pair<int64_t, int64_t> ShardRange(const Shard& shard, int64_t samples, int64_t wave_size, int64_t group_size) {
  const auto units = [&](int64_t size) { return (samples + size - 1) / size; };
  const int64_t size = units(wave_size) >= shard.count ? wave_size : group_size;
  if (units(size) < shard.count)
    Fail("--shard {}/{}: {} samples in groups of {} cannot be spread over {} shards; use at most {}", shard.index,
         shard.count, samples, group_size, shard.count, units(size));
  const auto begin = [&](int64_t index) { return std::min(samples, units(size) * index / shard.count * size); };
  return {begin(shard.index), begin(shard.index + 1)};
}

}  // namespace skipbench
