// Quantiles of the beta distribution, for "Beta Sampling is All You Need" (arXiv 2407.12173).
#pragma once

namespace skipbench {

// I_x(a, b), the regularised incomplete beta function: the share of Beta(a, b) below x. a, b > 0, x in [0, 1].
double BetaCdf(double x, double a, double b);

// The x with I_x(a, b) = p; p in [0, 1].
double BetaQuantile(double p, double a, double b);

}  // namespace skipbench
