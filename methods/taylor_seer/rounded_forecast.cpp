#include "methods/taylor_seer/rounded_forecast.h"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace skipbench {
namespace {

using Term = RoundedSum::Term;
using From = RoundedSum::From;

// Writes sums one after the other.
class Program {
 public:
  Term Add(std::vector<Term> terms, double divisor = 1, bool bfloat16 = false) {
    sums_.push_back({std::move(terms), divisor, bfloat16});
    return {From::kSum, static_cast<int>(sums_.size()) - 1};
  }
  static Term Kept(int index) { return {From::kKept, index}; }
  static Term Times(Term term, double weight) {
    term.weight = weight;
    return term;
  }
  std::vector<RoundedSum> Take() && { return std::move(sums_); }

 private:
  std::vector<RoundedSum> sums_;
};

// The differences of every computed call, each made once.
class Differences {
 public:
  Differences(std::span<const int> computed, int max_order, int first_difference, bool bfloat16, Program* program)
      : computed_(computed), orders_(computed.size(), 0), bfloat16_(bfloat16), program_(program) {
    for (size_t t = computed.size() - std::min<size_t>(computed.size(), 1); t-- > 0;)
      if (computed[t] >= first_difference) orders_[t] = std::min(max_order, orders_[t + 1] + 1);
  }
  int orders() const { return orders_[0]; }

  // D_j of the `t`-th newest call, as it is kept.
  Term Stored(int j, int t) {
    if (!bfloat16_) return Exact(j, t);
    const auto found = stored_.find({j, t});
    if (found != stored_.end()) return found->second;
    const Term exact = Exact(j, t);
    return stored_[{j, t}] = program_->Add({exact}, 1, true);
  }

 private:
  Term Exact(int j, int t) {
    if (j == 0) return Program::Kept(t);
    const auto found = exact_.find({j, t});
    if (found != exact_.end()) return found->second;
    const Term newer = Exact(j - 1, t), older = Stored(j - 1, t + 1);
    const Term difference = program_->Add({newer, Program::Times(older, -1)});
    const auto at = static_cast<size_t>(t);
    return exact_[{j, t}] = program_->Add({difference}, computed_[at] - computed_[at + 1]);
  }

  std::span<const int> computed_;
  std::vector<int> orders_;  // highest difference of each
  bool bfloat16_;
  Program* program_;
  std::map<std::pair<int, int>, Term> exact_, stored_;
};

double Round(double x, bool bfloat16) {
  return bfloat16 ? static_cast<float>(c10::BFloat16(static_cast<float>(x))) : x;
}

// h_i + k (first difference) + C(k, 2) (second) + C(k, 3) (third).
Term LocalForecast(double k, int order, bool bfloat16, Program* program) {
  const auto at = [](int i, double weight) { return Program::Times(Program::Kept(i), weight); };
  const auto scalar = [&](double x) { return Round(x, bfloat16); };
  if (order == 0) return Program::Kept(0);
  const auto add = [&](Term sum, Term difference, double factor) {
    const Term part = program->Add({Program::Times(difference, factor)});
    return program->Add({sum, part});
  };
  Term sum = add(Program::Kept(0), program->Add({at(0, 1), at(1, -1)}), k);
  if (order >= 2) {
    const Term twice = program->Add({at(1, 2)});
    const Term difference = program->Add({program->Add({at(0, 1), Program::Times(twice, -1)}), at(2, 1)});
    sum = add(sum, difference, scalar(scalar(0.5 * k) * scalar(k - 1)));
  }
  if (order >= 3) {
    const Term thrice = program->Add({at(1, 3)}), other = program->Add({at(2, 3)});
    const Term two = program->Add({program->Add({at(0, 1), Program::Times(thrice, -1)}), other});
    const Term difference = program->Add({two, at(3, -1)});
    sum = add(sum, difference, scalar(scalar(scalar(k * scalar(k - 1)) * scalar(k - 2)) / 6));
  }
  return sum;
}

}  // namespace

std::vector<RoundedSum> TaylorSums(std::span<const int> computed, int call, int max_order, int first_difference,
                                   TaylorRounding rounding) {
  Program program;
  const bool factors = rounding == TaylorRounding::kFactors;
  Differences differences(computed, max_order, first_difference, factors, &program);
  const double k = call - computed[0];
  Term sum = differences.Stored(0, 0);
  double factorial = 1;
  for (int j = 1; j <= differences.orders(); ++j) {
    factorial *= j;
    const Term difference = differences.Stored(j, 0);
    const double power = std::pow(k, j);
    const Term part =
        factors ? program.Add({Program::Times(difference, power / factorial)})
                : program.Add({Program::Times(program.Add({Program::Times(difference, 1 / factorial)}), power)});
    sum = program.Add({sum, part});
  }
  if (sum.from == From::kKept) program.Add({sum});
  return std::move(program).Take();
}

std::vector<RoundedSum> SpectrumSums(const std::vector<std::vector<double>>& fit, std::span<const double> design,
                                     double w, double k, int local_order, bool bfloat16_scalars) {
  Program program;
  if (w == 0) {
    const Term local = LocalForecast(k, local_order, bfloat16_scalars, &program);
    if (local.from == From::kKept) program.Add({local});
    return std::move(program).Take();
  }
  std::vector<Term> value;
  for (size_t j = 0; j < fit.size(); ++j) {
    std::vector<Term> terms;
    for (size_t i = 0; i < fit[j].size(); ++i)
      terms.push_back(Program::Times(Program::Kept(static_cast<int>(i)), fit[j][i]));
    value.push_back(Program::Times(program.Add(std::move(terms), 1, true), design[j]));
  }
  const Term fitted = program.Add(std::move(value), 1, true);
  if (w == 1) return std::move(program).Take();
  const Term local = LocalForecast(k, local_order, bfloat16_scalars, &program);
  const Term of_local = program.Add({Program::Times(local, 1 - w)});
  const Term of_fit = program.Add({Program::Times(fitted, w)}, 1, true);
  program.Add({of_local, of_fit});
  return std::move(program).Take();
}

}  // namespace skipbench
