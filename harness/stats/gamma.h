// Upper tail of the chi-square distribution.
#pragma once

namespace skipbench {

// P(X >= x) for chi-square with `dof` degrees of freedom = Q(dof/2, x/2); x >= 0, dof >= 1.
double ChiSquareTail(double x, double dof);
// log10 of it, finite where the tail itself underflows.
double ChiSquareTailLog10(double x, double dof);

}  // namespace skipbench
