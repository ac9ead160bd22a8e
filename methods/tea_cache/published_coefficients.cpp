#include "methods/tea_cache/published_coefficients.h"

namespace skipbench {

std::span<const PublishedCoefficients> AllPublishedCoefficients() {
  constexpr auto kModulated = ProbeSite::Signal::kModulatedInput;
  constexpr auto kEmbedding = ProbeSite::Signal::kTimeEmbedding;
  constexpr auto kProjection = ProbeSite::Signal::kTimeProjection;
  static const std::vector<PublishedCoefficients> all = {
      // TeaCache4FLUX, TeaCache4TangoFlux
      {"flux", {4.98651651e+02, -2.83781631e+02, 5.58554382e+01, -3.82021401e+00, 2.64230861e-01}, kModulated, 1, 1},
      // TeaCache4HunyuanVideo
      {"hunyuan_video",
       {7.33226126e+02, -4.01131952e+02, 6.75869174e+01, -3.14987800e+00, 9.61237896e-02},
       kModulated,
       1,
       1},
      // TeaCache4Wan2.1, without and with --use_ret_steps
      {"wan2.1_t2v_1.3b",
       {2.39676752e+03, -1.31110545e+03, 2.01331979e+02, -8.29855975e+00, 1.37887774e-01},
       kEmbedding,
       1,
       1},
      {"wan2.1_t2v_1.3b_ret",
       {-5.21862437e+04, 9.23041404e+03, -5.28275948e+02, 1.36987616e+01, -4.99875664e-02},
       kProjection,
       5,
       0},
      {"wan2.1_t2v_14b", {-5784.54975374, 5449.50911966, -1811.16591783, 256.27178429, -13.02252404}, kEmbedding, 1, 1},
      {"wan2.1_t2v_14b_ret",
       {-3.03318725e+05, 4.90537029e+04, -2.65530556e+03, 5.87365115e+01, -3.15583525e-01},
       kProjection,
       5,
       0},
      {"wan2.1_i2v_480p",
       {-3.02331670e+02, 2.23948934e+02, -5.25463970e+01, 5.87348440e+00, -2.01973289e-01},
       kEmbedding,
       1,
       1},
      {"wan2.1_i2v_480p_ret",
       {2.57151496e+05, -3.54229917e+04, 1.40286849e+03, -1.35890334e+01, 1.32517977e-01},
       kProjection,
       5,
       0},
      {"wan2.1_i2v_720p", {-114.36346466, 65.26524496, -18.82220707, 4.91518089, -0.23412683}, kEmbedding, 1, 1},
      {"wan2.1_i2v_720p_ret",
       {8.10705460e+03, 2.13393892e+03, -3.72934672e+02, 1.66203073e+01, -4.17769401e-02},
       kProjection,
       5,
       0},
      // TeaCache4CogVideoX1.5, TeaCache4ConsisID (cogvideox_5b)
      {"cogvideox_2b",
       {-3.10658903e+01, 2.54732368e+01, -5.92380459e+00, 1.75769064e+00, -3.61568434e-03},
       kEmbedding,
       1,
       1},
      {"cogvideox_5b",
       {-1.53880483e+03, 8.43202495e+02, -1.34363087e+02, 7.97131516e+00, -5.23162339e-02},
       kEmbedding,
       1,
       1},
      {"cogvideox1.5_5b",
       {2.50210439e+02, -1.65061612e+02, 3.57804877e+01, -7.81551492e-01, 3.58559703e-02},
       kEmbedding,
       1,
       1},
      {"cogvideox1.5_5b_i2v",
       {1.22842302e+02, -1.04088754e+02, 2.62981677e+01, -3.06009921e-01, 3.71213220e-02},
       kEmbedding,
       1,
       1},
      // TeaCache4LTX-Video, TeaCache4Mochi, TeaCache4Lumina2 (its comment has v2), TeaCache4Lumina-T2X (v1, too)
      {"ltx_video",
       {2.14700694e+01, -1.28016453e+01, 2.31279151e+00, 7.92487521e-01, 9.69274326e-03},
       kModulated,
       1,
       1},
      {"mochi", {-3.51241319e+03, 8.11675948e+02, -6.09400215e+01, 2.42429681e+00, 3.05291719e-03}, kModulated, 1, 1},
      {"lumina2", {393.76566581, -603.50993606, 209.10239044, -23.00726601, 0.86377344}, kModulated, 1, 1},
      {"lumina2_v2",
       {225.7042019806413, -608.8453716535591, 304.1869942338369, 124.21267720116742, -1.4089066892956552},
       kModulated,
       1,
       1},
      // eval/teacache/experiments
      {"open_sora_1.2",
       {2.17546007e+02, -1.18329252e+02, 2.68662585e+01, -4.59364272e-02, 4.84426240e-02},
       kModulated,
       1,
       1},
      {"latte", {-2.46434137e+03, 3.08044764e+02, 8.07447667e+01, -4.11385132e+00, 1.11001402e-01}, kModulated, 1, 1},
      {"open_sora_plan",
       {2.05943668e+05, -1.48759286e+04, 3.06085986e+02, 1.31418080e+00, 2.39658469e-03},
       kModulated,
       1,
       1},
  };
  return all;
}

}  // namespace skipbench
