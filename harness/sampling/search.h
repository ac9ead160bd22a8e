// What a search for skip paths is: instead of deciding online, it asks what whole paths cost and keeps the best ones.
// Like a method it never calls the network: an evaluator answers, batching what is asked and sharing what paths have in
// common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/sampling/method.h"

namespace skipbench {

// One entry a scheduler call: 1 predict, 0 use the last output again. Entry 0 is 1.
using Mask = std::vector<uint8_t>;

inline int CountSkips(const Mask& mask) { return static_cast<int>(std::ranges::count(mask, 0)); }

// "1101": how masks are written in messages and logs.
inline std::string ToString(const Mask& mask) {
  std::string text;
  for (const uint8_t predict : mask) text += predict ? '1' : '0';
  return text;
}

struct PathQuery {
  int sample = 0;  // 0 .. samples() - 1
  Mask mask;       // [calls()]
  friend auto operator<=>(const PathQuery&, const PathQuery&) = default;
};

// Knows what paths do to the final latent.
class TrajectoryEvaluator {
 public:
  virtual ~TrajectoryEvaluator() = default;
  virtual int samples() const = 0;
  virtual int calls() const = 0;
  // For each query the L2 distance between the final latents of its path and of the full path (every call predicts), of
  // its sample; infinite where the path's latent is not finite. Ask for as many paths at once as are known: they are
  // batched, and what they have in common, also with those of the call before, is computed once.
  virtual std::vector<double> Errors(std::span<const PathQuery> queries) = 0;
};

struct SearchedPath {
  Mask mask;
  double error = 0;  // of the final latent, L2; a shared path: root mean square of the samples' errors
};

// The outcome for one sample, or for a set of samples that share their paths.
struct PathFamily {
  std::vector<SearchedPath> paths;  // [k] the best path found with k skips; 0 is the full path
  std::string ended;                // why it has fewer paths than were wanted; else empty
};

// How far a search goes: until both are reached.
struct SearchTarget {
  int skips = 0;            // paths with up to this many skips
  double error_bound = -1;  // >= 0: on to the first path whose error is larger
};

// Of one sample, for plans and progress.
struct SearchSize {
  double paths = 0;
  double naive_evaluations = 0;  // if each path ran alone
};

class Search {
 public:
  virtual ~Search() = default;
  // Searches with the same key find the same paths and share their work.
  virtual std::string Key() const = 0;
  // Whether one path serves all samples, instead of one for each.
  virtual bool shared() const { return false; }
  // Number of samples, from the first, that a shared path is searched on; 0 means all.
  virtual int64_t shared_samples() const { return 0; }
  // Throws Error if no run of this shape can reach the target.
  virtual void Check(const SearchTarget& target, int calls) const = 0;
  virtual SearchSize AtMost(const SearchTarget& target, int calls) const = 0;
  // One family for each of the evaluator's samples; for a shared path one in all.
  virtual std::vector<PathFamily> Run(TrajectoryEvaluator& evaluator, const SearchTarget& target) const = 0;
};

// The paths that a LatePathMethod runs on.
struct PrecomputedPaths {
  std::optional<Mask> shared;              // for every sample
  std::map<int64_t, Mask> by_sample;       // sample id -> its path
  std::map<int64_t, std::string> missing;  // sample id -> why it has none
  std::string otherwise;                   // why samples that are not listed have none
};

// A method whose paths are found before the run starts. Unbound, it can be planned with and labelled; its policies
// refuse to decide.
class LatePathMethod : public Method {
 public:
  // The method to run: same type and label.
  virtual std::shared_ptr<const Method> Bind(PrecomputedPaths paths) const = 0;
};

// A row of the table that comes out of a search.
class SearchMethod : public LatePathMethod {
 public:
  virtual const Search& search() const = 0;
  virtual SearchTarget target() const = 0;
  // The path of this row out of what was found. Throws Error if it is not there.
  virtual const SearchedPath& Choose(const PathFamily& family) const = 0;
};

// Paths that another result holds.
class RecordedPathMethod : public LatePathMethod {
 public:
  struct Source {
    std::filesystem::path result;   // a results folder or file
    std::string setting;            // its label there; "": the only one that is no reference
    std::optional<int> skips;       // out of the searched family of that setting; absent: the path it ran
    std::optional<int64_t> sample;  // the path of this sample for all; absent: each sample its own
  };
  virtual const Source& source() const = 0;
};

}  // namespace skipbench
