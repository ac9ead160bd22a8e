// What a method is. A method never calls the network: for every scheduler call of a trajectory it decides whether the
// network predicts, earlier outputs are used again, or a partial ("shallow") forward runs on what earlier calls kept;
// the sampler executes. That is what lets settings share work, decide for each sample alone, be searched, and be tested
// without a network.
//
// Tensors belong to the trajectory, since they depend on its decisions only; a policy is a handful of numbers, and is
// shown sums.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/base/cache_site.h"

namespace skipbench {

enum class Action : uint8_t {
  kReuse = 0,    // the last model output (before guidance) again, whether it came from a full or a shallow forward
  kPredict = 1,  // a full forward
  kShallow = 2,  // a partial forward on what full ones kept
  kCombine = 3,  // a weighted sum of the outputs of full forwards, of their inputs and of this call's input
};

// One of several sums that are made one after the other, each rounded, as published code does whose tensors have few
// bits. Elementwise.
struct RoundedSum {
  enum class From : uint8_t {
    kKept,   // what full forwards (kCalls: calls) kept, newest first
    kInput,  // kCombine: the network's inputs, of this call first
    kSum,    // the sums before this one, from the first
  };
  struct Term {
    From from = From::kKept;
    int index = 0;
    double weight = 1;
    friend auto operator<=>(const Term&, const Term&) = default;
  };
  std::vector<Term> terms = {};  // added up in float32 (of float64: float64)
  double divisor = 1;            // of their sum
  bool bfloat16 = false;         // the quotient goes through bfloat16; in any case it gets the type of what is kept
  friend auto operator<=>(const RoundedSum&, const RoundedSum&) = default;
};

struct Decision {
  Action action = Action::kPredict;
  CacheSite site = {};  // one of Method::Keeps(): with kShallow; with kCombine kCalls, anything else stands for kOutput
  // kShallow, kCombine: weights of what the last full forwards (kCalls: the last calls) kept, newest first, at most as
  // many as Method::Keeps() says and as there were; empty: the newest as it is.
  std::vector<double> weights = {};
  // kCombine: weights of the network's input, of this call first, then of those that are kept, newest first; may be
  // shorter, or empty: none.
  std::vector<double> input_weights = {};
  std::vector<RoundedSum> sums = {};  // in the place of both, if there are any: the last one is used
  friend auto operator<=>(const Decision&, const Decision&) = default;
};

// How many of what was kept, or of inputs, a decision asks for: by its weights or its sums.
inline int DepthOf(const Decision& decision, RoundedSum::From from) {
  const bool kept = from == RoundedSum::From::kKept;
  int depth = 0;
  for (const RoundedSum& sum : decision.sums)
    for (const RoundedSum::Term& term : sum.terms)
      if (term.from == from) depth = std::max(depth, term.index + 1);
  if (!decision.sums.empty()) return depth;
  if (kept && decision.weights.empty() && decision.input_weights.empty()) return 1;
  return static_cast<int>(kept ? decision.weights.size() : decision.input_weights.size());
}

inline Decision Shallow(CacheSite site, std::vector<double> weights = {}) {
  return {Action::kShallow, site, std::move(weights)};
}

// The run a trajectory belongs to, as a method may know it.
struct RunShape {
  int steps = 0;                  // inference steps of this trajectory
  int calls = 0;                  // scheduler calls; every per-step array has this length
  std::vector<double> timesteps;  // [calls], as the network is told
  // x_t = alpha x_0 + sigma noise of the latent before each call, as the network is given it, and of the last latent
  // [calls + 1]; empty where the scheduler does not say.
  std::vector<double> alphas = {}, sigmas = {};
  std::vector<double> scales = {};   // the network's input is the latent times this [calls + 1]; or empty, as they
  std::string prediction_type = {};  // what the network predicts: Scheduler::prediction_type()
  NetworkAbilities network = {};
  int guidance_rows = 1;   // 2: an unconditional and a conditional row
  int guidance_row = -1;   // the one that the policy decides for alone (GuidanceScope::kSeparate); -1: no single one
  std::string model = {};  // what measured constants belong to: the network's class and size
  at::ScalarType dtype = at::kFloat;  // of latents, of the network's outputs and of what it keeps
};

// Which steps a method wants to run; the default is the experiment's own.
struct Schedule {
  int steps = 0;
  friend auto operator<=>(const Schedule&, const Schedule&) = default;
};

enum class Scope { kSample, kGroup };

// Who decides where guidance takes two rows.
enum class GuidanceScope {
  kJoint,        // both together: sums run over both
  kSeparate,     // each for itself: a policy each, which is shown its own row's sums
  kConditional,  // the conditional row for both
  kUnconditional,
};

// What the last `depth` full forwards leave behind for later calls.
struct Keep {
  CacheSite site;
  int depth = 1;
};

// A sum that a policy did not ask for, or that the trajectory is too short for.
inline constexpr double kNotShown = std::numeric_limits<double>::quiet_NaN();

// Sums over all elements (and, for a group, over its samples) of finite differences along the trajectory.
struct DifferenceSums {
  // [order - 1]: order 1: x_i - x_{i-1}, 2: x_i - 2 x_{i-1} + x_{i-2}, 3: x_i - 3 x_{i-1} + 3 x_{i-2} - x_{i-3}.
  // NaN where the trajectory is too short: latents start with the one after call 0 (the initial noise never counts).
  std::array<double, 3> abs{kNotShown, kNotShown, kNotShown};     // sum |difference|
  std::array<double, 3> square{kNotShown, kNotShown, kNotShown};  // sum difference^2
  double self_abs = kNotShown;                                    // sum |x_i|
  double self_square = kNotShown;                                 // sum x_i^2
};

// Which parts of an Observation a policy reads; only those are shown to it, whatever others beside it asked for.
struct Needs {
  int latent_order = 0;           // 0: nothing; 1..3: sums of the latent itself and of its differences up to this order
  int prediction_order = 0;       // the same of the guided predictions
  bool tensors = false;           // the latent itself
  std::set<SumView> output = {};  // changes of the network's own output from full forward to full forward, each so
  int products = 0;               // products of the newest latents and guided predictions, that many of each; at most 8
  void Merge(const Needs& other) {
    latent_order = std::max(latent_order, other.latent_order);
    prediction_order = std::max(prediction_order, other.prediction_order);
    tensors |= other.tensors;
    output.insert(other.output.begin(), other.output.end());
    products = std::max(products, other.products);
  }
};

// Sums over a signal, or what ProbeSite::view leaves of it, before a call decides. Float64; `previous` is the signal of
// the call before, `computed` that of the last full forward. NaN where there is none.
struct ProbeSums {
  int64_t elements = 0;
  double self_abs = kNotShown;                                    // sum |s|
  double previous_change = kNotShown, previous_abs = kNotShown;   // sum |s - s_previous|, sum |s_previous|
  double computed_change = kNotShown, computed_abs = kNotShown;   // sum |s - s_computed|, sum |s_computed|
  double previous_ratio = kNotShown, computed_ratio = kNotShown;  // the two quotients, each sample's, averaged
};

// The raw output of a full forward (before guidance); NaN after a call that made none. `change` is of what the view in
// Needs::output leaves (the first one's, if there are more), the rest of all.
struct OutputSums {
  int64_t elements = 0;
  double self_abs = kNotShown;  // sum |o|
  double change = kNotShown;    // sum |o - o_computed|, of the full forward before; NaN for the first
  int64_t changed_elements = 0;
  double rows_abs = kNotShown;  // sum |o| of all guidance rows, whoever decides; NaN where each decides for itself
  int64_t rows_elements = 0;
};

// What a trajectory shows after a call. Sums are float64; those that were not asked for are NaN, the others finite (a
// latent with NaN or infinity ends the run with an error that names sample and call before any policy sees it).
struct Observation {
  // What the call did. After kReuse the prediction is the one of the call before: its differences of order 1 are
  // exactly 0, and the next call that runs the network shows at once what the prediction moved since the last one that
  // did.
  Action action = Action::kPredict;
  int64_t elements = 0;       // elements behind each sum: C*H*W, times the group's size
  DifferenceSums latent;      // of x_call, the latent after the call
  DifferenceSums prediction;  // of the guided prediction used by the call
  OutputSums output = {};     // of the policy's guidance rows
  // Needs::products = k > 0: sums of products of x_call, x_{call-1}, ..., e_call, e_{call-1}, ... (k of each; x the
  // latent after a call, e the guided prediction that it used): [2 k][2 k], row by row, NaN where the trajectory is too
  // short.
  std::vector<double> products = {};
  std::span<const at::Tensor>
      latents;  // x_call of each sample [C, ...], when Needs::tensors; void after Observe returns
};

// Named values a policy wants in the results, one per call; NaN where there is none.
using Trace = std::map<std::string, std::vector<double>>;

// How a method that compares a number with a threshold decides, in words: for those who draw that, or move the
// threshold. Its policies record both sides in the traces "criterion" and "threshold". Entry i belongs to the decision
// for call i + 1 and is NaN where something else decides (a warm-up, a cap). A criterion that adds up over calls
// records the sum that was compared.
struct Criterion {
  enum class Predicts { kAbove, kBelow };
  std::string name;  // in a legend, singular, lower case: "third-order difference of the latents"
  std::string axis;  // the axis that both sides stand on: "mean |difference|"
  Predicts predicts =
      Predicts::kAbove;  // the call predicts where the criterion is above (below) the threshold; a tie goes either way
};

// Decides call by call for one sample, or one group: Decide(0), Observe(0), Decide(1), Observe(1), ...
class Policy {
 public:
  virtual ~Policy() = default;
  // What Decide wants to see of this call. Depends on calls and decisions alone: it is asked before the last call is
  // observed.
  virtual std::optional<ProbeSite> Probe(int call) const { return std::nullopt; }
  virtual void ObserveProbe(int call, const ProbeSums& seen) {}  // after the last call was observed
  virtual Decision Decide(int call) = 0;                         // call 0 must be kPredict
  virtual void Observe(int call, const Observation& seen) = 0;
  virtual std::unique_ptr<Policy> Clone() const = 0;  // an independent copy: a trajectory may fork
  virtual Trace TakeTrace() { return {}; }
};

// One method with its parameters: a setting of an experiment. Immutable.
class Method {
 public:
  virtual ~Method() = default;
  virtual std::string type() const = 0;                             // "adaptive_diffusion"
  virtual std::string Label() const = 0;                            // "adaptive_diffusion(delta=0.01,max_skips=4)"
  virtual Schedule Plan(const Schedule& run) const { return run; }  // fewer_steps changes it
  virtual Scope DecisionScope() const { return Scope::kSample; }
  virtual Needs Observes() const { return {}; }
  // Nothing: the method compares no number with a threshold, or not by the rules above.
  virtual std::optional<Criterion> criterion() const { return std::nullopt; }
  virtual GuidanceScope Halves(const RunShape& run) const { return GuidanceScope::kJoint; }
  // What Decide may use of earlier calls, one entry a site.
  virtual std::vector<Keep> Keeps(const RunShape& run) const { return {}; }
  // Throws Error if the setting cannot run in this shape (a mask of another length, a cache position the network
  // lacks).
  virtual std::unique_ptr<Policy> Start(const RunShape& run) const = 0;
  // For the sample with this id (of a group: the first one's): a method whose decisions were made beforehand has others
  // for each sample. Throws Error if it has none for this one.
  virtual std::unique_ptr<Policy> StartFor(const RunShape& run, int64_t sample_id) const { return Start(run); }
};

}  // namespace skipbench
