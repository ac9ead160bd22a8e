// The tables and the coefficients of every scheduler are the same on every CPU: their SHA-256, as computed once with
// the basic operations of IEEE 754. A change of these is a change of every result: it needs a reason.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/sigmas.h"
#include "tests/support/bits.h"

namespace skipbench {
namespace {

using testing::BitsOf;

struct Setting {
  std::string type;
  Json options;
  std::string bits;
};

// What the scheduler says of its calls, and what a step makes of one input that is 1 where all others are 0: every
// coefficient. The step is taken in float64 and rounded to float32: whether ATen fuses its multiply-adds is lost in
// that.
std::string BitsOfCalls(const Scheduler& scheduler) {
  const at::Tensor zero = at::zeros({1, 1}, at::kDouble), one = at::ones({1, 1}, at::kDouble);
  std::vector<float> numbers = {static_cast<float>(scheduler.init_noise_sigma())};
  const auto add = [&](double number) { numbers.push_back(static_cast<float>(number) + 0.0f); };  // -0 becomes 0
  SchedulerState state;
  for (int call = 0; call < scheduler.calls(); ++call) {
    const bool noisy = scheduler.UsesNoise(call);
    const auto probe = [&](const at::Tensor& x, const at::Tensor& output, const at::Tensor& noise,
                           const SchedulerState& s) {
      add(scheduler.Step(x, output, call, s, noisy ? noise : at::Tensor()).sample.item<double>());
    };
    add(scheduler.timestep(call));
    add(scheduler.ScaleModelInput(one, call).item<double>());
    probe(one, zero, zero, state);
    probe(zero, one, zero, state);
    if (noisy) probe(zero, zero, one, state);
    for (size_t i = 0; i < state.history.size(); ++i) {
      SchedulerState with_one = state;
      with_one.history[i] = one;
      probe(zero, zero, zero, with_one);
    }
    state = scheduler.Step(zero, zero, call, state, noisy ? zero : at::Tensor()).state;
  }
  return BitsOf(numbers);
}

TEST(Bits, OfEveryScheduler) {
  const Json sd = {{"beta_start", 0.00085}, {"beta_end", 0.012}, {"beta_schedule", "scaled_linear"}};
  const auto with = [&](Json options) {
    options.update(sd);
    return options;
  };
  const std::vector<Setting> settings = {
      {"ddim", with({{"clip_sample", false}, {"steps_offset", 1}, {"set_alpha_to_one", false}}),
       "16d6e73f4ad7f8bacb0ac26cc4e1c6189591ade8ca468d046a204e4d38b80306"},
      {"ddim",
       {{"clip_sample", false}, {"eta", 1.0}},
       "aae208a9a0efd0d6909f1bf84d822605eb5fab6d6eff5a2d09dbe1bb069e72a7"},
      {"ddim",
       {{"clip_sample", false},
        {"rescale_betas_zero_snr", true},
        {"prediction_type", "v_prediction"},
        {"timestep_spacing", "trailing"}},
       "ed60296de77fd5f1f86bbff5357af8dcd59df3e2d14a4335a247fa7381a52652"},
      {"ddim",
       {{"clip_sample", false}, {"beta_schedule", "squaredcos_cap_v2"}},
       "b71e9f36b69f0f8087d46772e4060ed77b0fe934e5a258d7e5d380204bc172d9"},
      {"ddim_quadratic", Json::object(), "d336e532f454368e4557496d7f865fc216ae0fbb423e80f89455e7f112edfea8"},
      {"ddpm", {{"clip_sample", false}}, "50a58bd9211afe65061b0b2b20951639b58844c5202365cb21fb4a3f4d023b02"},
      {"ddpm",
       {{"clip_sample", false}, {"variance_type", "fixed_large"}, {"beta_schedule", "sigmoid"}},
       "a6c50c4fa712060900033155c266a209c073264d2d19535f6ad0c6dadc2be28f"},
      {"ddpm",
       {{"clip_sample", false}, {"variance_type", "fixed_small_log"}, {"beta_schedule", "laplace"}},
       "fb6e11505bf881c7c8c5210bcebf0efa50487a501fecdacb0c6a47d7ed02415c"},
      {"pndm", with({{"skip_prk_steps", true}, {"steps_offset", 1}}),
       "ddef4f663d257161a8948fb8bb9a1d2976b6cd6ecf70c14b22bd854b86cc6b85"},
      {"pndm", Json::object(), "8bd659ac5e0eda200b22594f948d65a059f71288528f0b7ae6223d976c5b41b5"},
      {"euler", with({{"timestep_spacing", "leading"}, {"steps_offset", 1}}),
       "076ff6dc08c44808211a3031145829e112d18e2f6293f7bf42780d5e7ab37d70"},
      {"euler", with({{"use_karras_sigmas", true}, {"prediction_type", "v_prediction"}}),
       "91c490d634a3a397ea9b71e54bffa8c22b2e2ff870e06a20a7ecbe3103fd55c0"},
      {"euler", with({{"use_exponential_sigmas", true}}),
       "b6cfce5c64e089e91429595e084e054e19db1e1874eb0e13c07dec47970240d0"},
      {"euler", with({{"use_beta_sigmas", true}, {"prediction_type", "sample"}}),
       "0efd8e30b826a11acc6bba3616a3647aaac7d08d480fc560799d9873592098f6"},
      {"euler",
       with({{"timestep_type", "continuous"}, {"prediction_type", "v_prediction"}, {"rescale_betas_zero_snr", true}}),
       "bd115c086c4d399eedc057225432ebf604e17326611552f094b2031c32c0de40"},
      {"euler_ancestral", with({{"timestep_spacing", "trailing"}}),
       "8c7cebd24f6fec0de12cecc6133c889884a87e3e0e1d7d7384614c24f5424f7f"},
      {"dpm_solver_multistep", with(Json::object()),
       "ac6843baf52ef474a91e91be0ac8fed5e90edb2be49d645874284a091186d4e6"},
      {"dpm_solver_multistep", with({{"use_lu_lambdas", true}, {"solver_type", "heun"}}),
       "9ceccf790bbb1858a509e5ecf5f9fa44c99bcf4e2ff2ad919e61d96d6f399f90"},
      {"dpm_solver_multistep", with({{"use_karras_sigmas", true}, {"solver_order", 3}}),
       "d1853c05d21783014da9ab75dd2d071826ce133bcf75b1ac11f9335564abf006"},
      {"dpm_solver_multistep",
       with({{"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"lambda_min_clipped", -5.1}}),
       "dff46ea4da8fda6363fd516bea77b19a61d43f184279b711b3ec89682eb0a6cc"},
      {"dpm_solver_multistep", with({{"algorithm_type", "sde-dpmsolver++"}, {"use_beta_sigmas", true}}),
       "31c99c3181b9c071a1dfc425a105d075409aa47e0077dc3e713bc23fb861228c"},
      {"dpm_solver_multistep", with({{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}),
       "0cf8df9759b9f7f06b5a63c4b807b7a5dd8d6c340311b4cba9ec840a8ccbc44c"},
      {"dpm_solver_multistep",
       {{"use_flow_sigmas", true}, {"flow_shift", 3.0}, {"prediction_type", "flow_prediction"}},
       "39404f34ca90c0777617abc9892dcbacea8450f3658dd5af6f1970543b1d801a"},
      {"unipc_multistep", with({{"solver_order", 3}}),
       "131fa71933c80d80e941037435c440ced1b079bff29ee46f88ed7dfa1777be9e"},
      {"unipc_multistep",
       with({{"use_karras_sigmas", true}, {"solver_type", "bh1"}, {"final_sigmas_type", "sigma_min"}}),
       "51fa3a23243f59793f2fbb8bcdf3a14de358743cf997f16568b21a231cbb6062"},
      {"unipc_multistep",
       {{"use_flow_sigmas", true}, {"flow_shift", 5.0}, {"prediction_type", "flow_prediction"}},
       "da6f428bf8171ef0387d13ae2310214d76b4688e6d748707599381c5245920f6"},
      {"flow_match_euler", {{"shift", 3.0}}, "d9fc186645b3905168406b67217d36a22acde6ccf25c4a79af4a8b9be614666c"},
      {"flow_match_euler",
       {{"use_dynamic_shifting", true}, {"mu", 1.15}, {"sigma_ramp", true}},
       "e38a2bff8ff728324c93f6d0efce028d0c5fa148773b95cefa2c943350881bed"},
      {"flow_match_euler",
       {{"shift", 3.0}, {"shift_terminal", 0.1}, {"use_karras_sigmas", true}, {"stochastic_sampling", true}},
       "f2044ee18cb282df99cb973c88ee70ac9667db6e3094d691748be5b4dce8aff7"},
  };
  for (const auto& [type, options, bits] : settings)
    EXPECT_EQ(BitsOfCalls(*MakeScheduler(type, Json::object(), options, 50, "test")), bits)
        << type << " " << options.dump();
}

TEST(Bits, OfTables) {
  const auto expect = [](const Json& config, const std::string& floats, const std::string& doubles) {
    const NoiseSchedule schedule = NoiseScheduleTable({.sigmoid = true}).Read(JsonReader(config, "test"));
    EXPECT_EQ(BitsOf(AlphasCumprod<float>(schedule)), floats) << config.dump();
    EXPECT_EQ(BitsOf(AlphasCumprod<double>(schedule)), doubles) << config.dump();
  };
  expect({{"beta_schedule", "linear"}}, "b5555536933367c4ad73b4e972e1701b8cf631f368d370f1f05c23c5881f1994",
         "54a64b0e027a03e7ab133360df56b94bddb554478ec9a4b49d64eca79f6e6e97");
  expect({{"beta_schedule", "scaled_linear"}, {"beta_start", 0.00085}, {"beta_end", 0.012}},
         "b0c6833c866f3aae5d58606971a4297931251d8ed9c31d9a8b849e13ca14e3b6",
         "18924a276f95ac49d65da393196a37620782a7407662ae97b776adfdbacf5e2d");
  expect({{"beta_schedule", "squaredcos_cap_v2"}}, "f32ff0b43921c3125e2d7457bebc7aa5dd64586e4c1c837c2653aa637b657525",
         "8351e6581bfaeda0cc06ed0c933498d326910843bf4de17f90dd12d560419848");
  expect({{"beta_schedule", "squaredcos_cap_v2"}, {"rescale_betas_zero_snr", true}},
         "1acf439d11de39105068d6ab65e0a95d754005e3131f631cbc462e003e8c4701",
         "d3f41352d050b898eb6001bd35ea4918082c854b28ec2d9d68495e68c43e7aac");
  expect({{"beta_schedule", "sigmoid"}}, "efe99056fe29316c9190b1c15ce877b3fe739c998443b4018ff67952b63995f1",
         "ebafa0b0894645771fc29e5af74c742a546ba9fec2d06681738e32da78dc9b4e");
  expect({{"beta_schedule", "laplace"}}, "a2900ff0f2f8e0f6288aa2fd0ef246aa5b0ce1038dbee5bcdb0de46efd055abe",
         "5cdd392bb01bb76a594d87ae3683ff910fcc16b8416d1efa3d72392340fc28f6");
  EXPECT_EQ(BitsOf(SigmaTable(PositiveAlphasCumprod({.beta_schedule = "scaled_linear"}))),
            "039b09e95ece5e84473db8f5050b6f79a14f0d39d491a0e56c28d37554663fdc");
}

}  // namespace
}  // namespace skipbench
