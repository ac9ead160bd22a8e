// DeepCache's published non-uniform schedules: which steps are full forwards. They put the full ones where the features
// change most: around a centre (its Stable Diffusion and DDPM code) or at the start (its LDM code).
#pragma once

#include <vector>

namespace skipbench {

// Ascending from 0: `count` full steps out of `steps`, densest around `center`. With lo = (−center)^(1/p), a complex
// number, and hi = (steps − center)^(1/p): the points v_k = lo + k (hi − lo)/count, k = 0..count, y_k =
// trunc(Re(v_k^p)), sorted, each once, without the first and the last, moved by `center`, and 0 in front. Where points
// fall together there are less than `count`: then p is lowered by 0.02 as long as it exceeds 1. Throws Error if no p
// does, or if the arguments are out of range (1 <= count <= steps, 0 <= center < steps, power > 1).
std::vector<int> QuadCenterSchedule(int steps, int count, int center, double power);

// trunc((k steps^(1/p)/count)^p), k = 0..count − 1, each once: at most `count` steps, less when they fall together (250
// steps, power 1.5: 120 of 125). Throws Error unless 1 <= count <= steps and power >= 1.
std::vector<int> QuadSchedule(int steps, int count, double power);

}  // namespace skipbench
