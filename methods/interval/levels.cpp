#include "methods/interval/levels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "harness/base/error.h"

namespace skipbench {
namespace {

using Level = LevelOptions::Level;

constexpr std::array<std::pair<const char*, uint8_t>, 3> kModules = {{{"attention", kAttentionModule},
                                                                      {"cross_attention", kCrossAttentionModule},
                                                                      {"feed_forward", kFeedForwardModule}}};

const char* NameOf(Level level) {
  switch (level) {
    case Level::kOutput: return "output";
    case Level::kLastBlock: return "last_block";
    case Level::kResidual: return "residual";
    case Level::kModules: return "modules";
  }
  return "";
}

std::string NamesOf(uint8_t modules) {
  std::vector<std::string> names;
  for (const auto& [name, bit] : kModules)
    if (modules & bit) names.push_back(name);
  return fmt::format("{}", fmt::join(names, "+"));
}

uint8_t BitsOf(const std::vector<std::string>& names) {
  uint8_t bits = 0;
  for (const auto& [name, bit] : kModules)
    if (std::find(names.begin(), names.end(), name) != names.end()) bits |= bit;
  return bits;
}

std::string WhyNoModules(const Json& names) {
  if (names.empty()) return "a list without a module; leave it out for all that the network has";
  for (size_t i = 0; i < names.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (names[i] == names[j]) return fmt::format("{} is there twice", names[i].dump());
  return "";
}

}  // namespace

OptionTable<LevelOptions> LevelTable() {
  std::vector<std::pair<const char*, Level>> levels;
  for (const Level level : {Level::kOutput, Level::kLastBlock, Level::kResidual, Level::kModules})
    levels.emplace_back(NameOf(level), level);
  OptionTable<LevelOptions> table(
      "level", {Field("level", &LevelOptions::level)
                    .Names<Level>(levels)
                    .Help("what is used again: the network's output, what leaves the last block, what the blocks add, "
                          "or the outputs of their modules"),
                Field("modules", &LevelOptions::modules)
                    .OneOf({"attention", "cross_attention", "feed_forward"})
                    .Check(WhyNoModules)
                    .When([](const LevelOptions& o) { return o.level == Level::kModules; },
                          "only the level \"modules\" has modules")
                    .Default("all that the network has")
                    .Help("whose outputs are used again")});
  return table;
}

std::string LevelLabel(const LevelOptions& options) {
  std::string label = fmt::format(",level={}", NameOf(options.level));
  if (!options.modules.empty()) label += fmt::format(",modules={}", NamesOf(BitsOf(options.modules)));
  return label;
}

CacheSite SiteOf(const LevelOptions& options, const NetworkAbilities& network) {
  switch (options.level) {
    case Level::kOutput: return {.level = CacheSite::Level::kOutput};
    case Level::kLastBlock: return {.level = CacheSite::Level::kHidden};
    case Level::kResidual: return {.level = CacheSite::Level::kCut};
    case Level::kModules:
      return {.level = CacheSite::Level::kModules,
              .modules = options.modules.empty() ? network.modules : BitsOf(options.modules)};
  }
  return {};
}

void CheckLevel(const LevelOptions& options, const NetworkAbilities& network, const std::string& label) {
  if ((options.level == Level::kLastBlock || options.level == Level::kResidual) && network.blocks == 0)
    FailUnsupported("{}: this pipeline's network is no stack of blocks", label);
  if (options.level != Level::kModules) return;
  if (network.modules == 0) FailUnsupported("{}: this pipeline's network keeps no outputs of modules", label);
  const uint8_t missing = BitsOf(options.modules) & static_cast<uint8_t>(~network.modules);
  if (missing)
    FailUnsupported("{}: the blocks of this pipeline's network have no {}, only {}", label, NamesOf(missing),
                    NamesOf(network.modules));
}

Decision ReuseAt(CacheSite site, std::vector<double> weights) {
  if (weights == std::vector<double>{1}) weights.clear();
  if (site.level == CacheSite::Level::kOutput) return {Action::kCombine, site, std::move(weights)};
  return Shallow(site, std::move(weights));
}

}  // namespace skipbench
