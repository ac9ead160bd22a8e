#include "harness/models/network.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace skipbench {

const at::Tensor& NetworkInputs::Get(const std::string& name) const {
  static const at::Tensor undefined;
  const auto found = conditioning.find(name);
  return found == conditioning.end() ? undefined : found->second;
}

namespace {

std::string NamesOf(uint8_t modules) {
  std::vector<std::string> names;
  if (modules & kAttentionModule) names.push_back("attention");
  if (modules & kCrossAttentionModule) names.push_back("cross-attention");
  if (modules & kFeedForwardModule) names.push_back("feed-forward");
  if (modules & ~(kAttentionModule | kCrossAttentionModule | kFeedForwardModule)) names.push_back("unknown ones");
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string NameOf(const CacheSite& site) {
  switch (site.level) {
    case CacheSite::Level::kOutput: return "its output";
    case CacheSite::Level::kCut:
      return site.back == 0 ? fmt::format("cache position {}", site.front)
                            : fmt::format("a cut with {} blocks before and {} after it", site.front, site.back);
    case CacheSite::Level::kHidden: return "the last block's hidden state";
    case CacheSite::Level::kModules: return fmt::format("outputs of modules ({})", NamesOf(site.modules));
  }
  return "?";
}

std::string NameOf(ProbeSite::Signal signal) {
  switch (signal) {
    case ProbeSite::Signal::kInput: return "its input";
    case ProbeSite::Signal::kFilteredInput: return "its filtered input";
    case ProbeSite::Signal::kTimeEmbedding: return "the time embedding";
    case ProbeSite::Signal::kTimeProjection: return "the time projection";
    case ProbeSite::Signal::kModulatedInput: return "the first block's modulated input";
    case ProbeSite::Signal::kFront: return "what its first blocks add";
  }
  return "?";
}

// What can be kept of a network.
std::string Offers(const NetworkAbilities& can) {
  if (can.blocks == 0 && can.cache_positions == 0) return "none to keep";
  if (can.blocks == 0)
    return can.cache_positions == 1 ? "cache position 0"
                                    : fmt::format("cache positions 0 to {}", can.cache_positions - 1);
  return fmt::format(
      "cuts of its {} blocks (fewer than {} computed), the last block's hidden state, outputs of modules ({})",
      can.blocks, can.blocks, NamesOf(can.modules));
}

}  // namespace

void Network::CheckSample(const NetworkInputs& inputs) const {
  const at::Tensor& sample = inputs.sample;
  if (sample.dim() != (info_.video ? 5 : 4) || sample.size(1) != info_.in_channels || sample.numel() == 0)
    Fail("the network takes samples [B, {}, {}H, W], got [{}]", info_.in_channels, info_.video ? "F, " : "",
         fmt::join(sample.sizes(), ", "));
  if (inputs.timesteps.defined() && (inputs.timesteps.dim() != 1 || inputs.timesteps.size(0) != sample.size(0)))
    Fail("{} samples with timesteps [{}]", sample.size(0), fmt::join(inputs.timesteps.sizes(), ", "));
}

void Network::CheckSite(const CacheSite& site) const {
  const NetworkAbilities& can = info_.abilities;
  bool offered = false;
  if (site.level == CacheSite::Level::kCut && site.front >= 0 && site.back >= 0)
    offered = site.back == 0 && site.front < can.cache_positions ? true : site.front < can.blocks - site.back;
  if (site.level == CacheSite::Level::kHidden) offered = can.blocks > 0;
  if (site.level == CacheSite::Level::kModules) offered = site.modules != 0 && (site.modules & ~can.modules) == 0;
  if (!offered) Fail("{}: the network offers {}", NameOf(site), Offers(can));
}

void Network::CheckProbe(const ProbeSite& site) const {
  const NetworkAbilities& can = info_.abilities;
  const bool front = site.signal != ProbeSite::Signal::kFront || (site.front >= 1 && site.front <= can.blocks);
  if (site.of_network() && can.signals.contains(site.signal) && front) return;
  std::vector<std::string> names;
  for (const ProbeSite::Signal signal : can.signals)
    if (ProbeSite{.signal = signal}.of_network()) names.push_back(NameOf(signal));
  Fail("{}{}: the network shows {}", NameOf(site.signal), front ? "" : fmt::format(", {}", site.front),
       names.empty() ? "nothing before it predicts"
                     : fmt::format("{}; it has {} blocks", fmt::join(names, ", "), can.blocks));
}

void Network::CheckWork(const NetworkInputs& inputs, const NetworkWork& work) const {
  for (const CacheSite& site : work.keep) CheckSite(site);
  if (!work.site) return;
  CheckSite(*work.site);
  if (!work.keep.empty()) Fail("a partial forward keeps nothing");
  if (!work.cached.defined() || work.cached.dim() < 2 || work.cached.size(0) != inputs.sample.size(0))
    Fail("partial forward: {} samples with [{}] in place of what is not computed", inputs.sample.size(0),
         work.cached.defined() ? fmt::format("{}", fmt::join(work.cached.sizes(), ", ")) : "none");
}

std::unique_ptr<NetworkProbe> Network::Probe(const NetworkInputs&, const ProbeSite& site) const {
  CheckProbe(site);
  Fail("{}: the network does not show it", NameOf(site.signal));
}

const at::Tensor& Network::Require(const NetworkInputs& inputs, const std::string& name, at::IntArrayRef row) {
  const at::Tensor& given = inputs.Get(name);
  const int64_t dim = static_cast<int64_t>(row.size()) + 1;
  bool fits = given.defined() && given.dim() == dim && given.size(0) == inputs.sample.size(0);
  for (int64_t i = 1; i < dim && fits; ++i) fits = row[i - 1] < 0 || given.size(i) == row[i - 1];
  if (fits) return given;
  std::string expected;
  for (int64_t size : row) expected += size < 0 ? ", ?" : fmt::format(", {}", size);
  Fail("the network takes {} [{}{}], got {}", name, inputs.sample.size(0), expected,
       given.defined() ? fmt::format("[{}]", fmt::join(given.sizes(), ", ")) : "none");
}

at::Tensor Network::TimestepRows(const NetworkInputs& inputs) {
  const at::Tensor& sample = inputs.sample;
  if (sample.is_meta()) return at::empty({sample.size(0)}, sample.options().dtype(at::kFloat));
  if (inputs.timesteps.defined()) return inputs.timesteps.to(at::kFloat);
  return at::full({1}, inputs.timestep, sample.options().dtype(at::kFloat));
}

void Network::Observe(const NetworkInputs& inputs, const std::string& block, const at::Tensor& output) {
  if (inputs.observe) inputs.observe(block, output);
}

}  // namespace skipbench
