#include "methods/first_block_cache/cache_policy.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "harness/base/error.h"

namespace skipbench {
namespace {

const char* NameOf(ProbeSite::Signal signal) {
  switch (signal) {
    case ProbeSite::Signal::kInput: return "its input";
    case ProbeSite::Signal::kFilteredInput: return "its filtered input";
    case ProbeSite::Signal::kTimeEmbedding: return "a time embedding before its blocks";
    case ProbeSite::Signal::kTimeProjection: return "a projected time embedding before its blocks";
    case ProbeSite::Signal::kModulatedInput: return "a modulated input of its first block";
    case ProbeSite::Signal::kFront: return "what its first blocks add";
  }
  return "";
}

}  // namespace

std::string CacheScope::Label() const {
  std::string label;
  if (as_published) label += ",as_published";
  if (scope) label += *scope == Scope::kGroup ? ",scope=group" : ",scope=sample";
  if (halves)
    label += *halves == GuidanceScope::kJoint         ? ",halves=joint"
             : *halves == GuidanceScope::kSeparate    ? ",halves=separate"
             : *halves == GuidanceScope::kConditional ? ",halves=conditional"
                                                      : ",halves=unconditional";
  return label;
}

std::vector<std::pair<const char*, GuidanceScope>> GuidanceScopeNames() {
  return {{"joint", GuidanceScope::kJoint},
          {"separate", GuidanceScope::kSeparate},
          {"conditional", GuidanceScope::kConditional},
          {"unconditional", GuidanceScope::kUnconditional}};
}

double PublishedNumbers::operator()(double x) const {
  if (type_ == at::kBFloat16) return static_cast<float>(c10::BFloat16(static_cast<float>(x)));
  if (type_ == at::kHalf) return static_cast<float>(c10::Half(static_cast<float>(x)));
  return x;
}

OptionTable<CacheScope> CacheScopeTable(const std::string& quirks, const std::string& halves) {
  return {"cache scope",
          {Field("as_published", &CacheScope::as_published).Help(quirks),
           Field("scope", &CacheScope::scope)
               .Names<Scope>({{"sample", Scope::kSample}, {"group", Scope::kGroup}})
               .Default("sample; group as published")
               .Help("decide for each sample alone, or for a group together"),
           Field("halves", &CacheScope::halves)
               .Names<GuidanceScope>(GuidanceScopeNames())
               .Default(halves)
               .Help("who decides where guidance takes two rows: both together, each for itself, one of them")}};
}

void RequireCut(const std::string& label, const RunShape& run, int front, int back) {
  if (run.network.blocks == 0) FailUnsupported("{}: the network is no stack of blocks that can be cut", label);
  if (front + back >= run.network.blocks)
    FailUnsupported("{}: of the network's {} blocks, {} in front and {} behind would leave none to reuse", label,
                    run.network.blocks, front, back);
}

void RequireSignal(const std::string& label, const RunShape& run, ProbeSite::Signal signal) {
  if (!run.network.signals.contains(signal)) FailUnsupported("{}: the network does not show {}", label, NameOf(signal));
}

}  // namespace skipbench
