// float32 functions of one number as torch computes them. With MKL their last bit differs from the C library's (square roots:
// one in seven), and DPM-Solver's coefficients are differences of nearly equal numbers that make such bits visible. For the
// tables that a scheduler computes once; a few microseconds each.
#pragma once

namespace skipbench::torch_math {

float Sqrt(float x);
float Exp(float x);
float Log(float x);

}  // namespace skipbench::torch_math
