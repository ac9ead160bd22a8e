// Every scheduler against diffusers, with a closed-form "network": samples after every call, timesteps, noise levels
// and where noise is used.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/dpm_solver_multistep.h"
#include "harness/schedulers/noise_schedule.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::LoadTensors;
using testing::MaxAbsDiff;

at::Tensor Network(const at::Tensor& x, double t) { return 0.7 * x + 0.3 * at::sin(2.0 * x + t / 250.0); }

// One case: its tensors, its JSON, and the scheduler that skipbench makes of it.
struct Case {
  Json json;
  std::map<std::string, at::Tensor> tensors;
  Json config;  // diffusers' constructor arguments that were given
  std::shared_ptr<const Scheduler> scheduler;
};

Case ReadCase(const testing::Manifest& manifest, const Json& entry) {
  Case c;
  c.json = ReadJsonFile(manifest.folder / entry.at("json").get<std::string>());
  c.tensors = LoadTensors(manifest.folder / entry.at("safetensors").get<std::string>());
  c.config = c.json.at("given");
  Json overrides = Json::object();
  if (!c.json.at("eta").is_null()) overrides["eta"] = c.json.at("eta");
  const auto type = c.json.at("scheduler").get<std::string>();
  const int steps = c.json.at("steps").get<int>();
  c.scheduler = MakeScheduler(type, c.config, overrides, steps, entry.at("json").get<std::string>());
  // The complete configuration, where everything is spelled out, must mean the same.
  auto spelled_out = MakeScheduler(type, c.json.at("config"), overrides, steps, entry.at("json").get<std::string>());
  EXPECT_EQ(spelled_out->calls(), c.scheduler->calls());
  return c;
}

void CheckTimesteps(const Case& c) {
  const Scheduler& s = *c.scheduler;
  ASSERT_EQ(s.calls(), c.json.at("calls").get<int>());
  EXPECT_EQ(s.steps(), c.json.at("steps").get<int>());
  const at::Tensor expected = c.tensors.at("timesteps").to(at::kDouble).contiguous();
  for (int i = 0; i < s.calls(); ++i) {
    const double t = expected.const_data_ptr<double>()[i];
    // Fractional ones are differences of float32 logarithms, below 4 with an ulp of 2.4e-7, over gaps of 0.004 and more
    // between neighbours in the table: an ulp of either makes 1.2e-4. They are rounded to float32, by 3e-5 below 1000.
    EXPECT_NEAR(s.timestep(i), t, t == std::floor(t) ? 0 : 1.5e-4) << "call " << i;
  }
  const double init = c.json.at("init_noise_sigma").get<double>();
  EXPECT_NEAR(s.init_noise_sigma(), init, 1e-6 * init);
}

void CheckNoise(const Case& c) {
  const auto drawn = c.json.at("noise_used_at").get<std::set<int>>();
  for (int i = 0; i < c.scheduler->calls(); ++i) {
    // diffusers also draws where the weight of the noise is zero: at the end, that is.
    const bool uses = c.scheduler->UsesNoise(i);
    const bool last = i + 1 == c.scheduler->calls();
    EXPECT_TRUE(!uses || drawn.contains(i)) << "call " << i;
    EXPECT_TRUE(uses || last || !drawn.contains(i)) << "call " << i;
  }
}

// The options of `config` that a table knows.
template <typename Options>
Options Known(const OptionTable<Options>& table, const Json& config) {
  const JsonReader reader(config, "case");
  return table.Read([&](const OptionSpec&) -> const JsonReader& { return reader; });
}

NoiseSchedule ScheduleOf(const Json& config) { return Known(NoiseScheduleTable(), config); }

void CheckSigmas(const Case& c) {
  if (!c.tensors.contains("sigmas")) return;
  const at::Tensor expected = c.tensors.at("sigmas").to(at::kFloat);
  if (c.scheduler->type() == "dpm_solver_multistep") {
    const auto schedule =
        MakeDpmSolverSchedule(Known(DpmSolverMultistepTable(), c.config), c.json.at("steps").get<int>());
    const at::Tensor sigmas = at::tensor(at::ArrayRef<float>(schedule.sigmas));
    EXPECT_LE(testing::RelativeDiff(sigmas, expected), 1e-6);
    return;
  }
  const at::Tensor one = at::ones({1});
  for (int i = 0; i < c.scheduler->calls(); ++i) {
    const at::Tensor scaled = 1 / at::sqrt(expected[i].square() + 1);
    EXPECT_LE(MaxAbsDiff(c.scheduler->ScaleModelInput(one, i), scaled.reshape({1})), 1e-6) << "call " << i;
  }
}

at::Tensor FloatTable(const NoiseSchedule& schedule) {
  const std::vector<float> table = AlphasCumprod<float>(schedule);
  return at::tensor(at::ArrayRef<float>(table)).to(at::kDouble);
}

at::Tensor DoubleTable(const NoiseSchedule& schedule) {
  const std::vector<double> table = AlphasCumprod<double>(schedule);
  return at::tensor(at::ArrayRef<double>(table));
}

// By how much ᾱ in float32 is off, relative to ᾱ in float64: the largest up to each timestep.
at::Tensor RoundingOfTable(const NoiseSchedule& schedule) {
  const at::Tensor exact = DoubleTable(schedule);
  return std::get<0>(at::cummax((FloatTable(schedule) - exact).abs() / exact.clamp_min(1e-30), 0)).clamp_max(1e-5);
}

// The recorded difference does not hold that of the tables: both runs had diffusers' float32 ones. It matters after the
// rescaling to zero terminal SNR, where another make of CPU has other tables: latents are multiples of the roots of ᾱ.
double DifferenceOfTables(const Case& c) {
  if (!c.config.value("rescale_betas_zero_snr", false)) return 0;
  const at::Tensor rounding = RoundingOfTable(ScheduleOf(c.config));
  return rounding[-2].item<double>() / 2 * c.tensors.at("samples").abs().max().item<double>();  // the last ᾱ is 0
}

// Largest difference over the calls, as a multiple of what is allowed.
double CheckSamples(const Case& c) {
  const double tolerance = 10 * (c.json.at("f32_f64_max_abs_diff").get<double>() + DifferenceOfTables(c)) + 1e-5;
  const at::Tensor& samples = c.tensors.at("samples");
  at::Tensor x = c.tensors.at("x_T") * c.scheduler->init_noise_sigma();
  SchedulerState state;
  double worst = 0;
  for (int i = 0; i < c.scheduler->calls(); ++i) {
    const at::Tensor output = Network(c.scheduler->ScaleModelInput(x, i), c.scheduler->timestep(i));
    const at::Tensor noise = c.scheduler->UsesNoise(i) ? c.tensors.at("noise")[i] : at::Tensor();
    StepResult next = c.scheduler->Step(x, output, i, state, noise);
    x = next.sample;
    state = next.state;
    const double difference = MaxAbsDiff(x, samples[i]);
    EXPECT_LE(difference, tolerance) << "call " << i;
    worst = std::max(worst, difference / tolerance);
    if (difference > tolerance) break;
  }
  return worst;
}

TEST(SchedulerFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  std::map<std::string, std::pair<int, double>> summary;
  for (const Json& entry : manifest.json.at("cases")) {
    if (entry.at("kind") != "scheduler") continue;
    SCOPED_TRACE(entry.at("id").get<std::string>());
    try {
      const Case c = ReadCase(manifest, entry);
      CheckTimesteps(c);
      CheckNoise(c);
      CheckSigmas(c);
      auto& [count, worst] = summary[c.scheduler->type()];
      ++count;
      worst = std::max(worst, CheckSamples(c));
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();  // the other cases are checked all the same
    }
  }
  EXPECT_FALSE(summary.empty()) << "the manifest lists no scheduler";
  for (const auto& [type, result] : summary)
    fmt::print("{}: {} cases, largest difference {:.3f} of what is allowed\n", type, result.first, result.second);
}

// "squaredcos_cap_v2_0.0001_0.02_zerosnr" -> options.
Json ConfigOfTable(std::string key) {
  Json config;
  if (key.ends_with("_zerosnr")) {
    config["rescale_betas_zero_snr"] = true;
    key.resize(key.size() - std::string("_zerosnr").size());
  }
  for (const char* option : {"beta_end", "beta_start"}) {
    const size_t at = key.rfind('_');
    config[option] = std::stod(key.substr(at + 1));
    key.resize(at);
  }
  config["beta_schedule"] = key;
  return config;
}

// The tables were made by torch, whose float32 operations are off by an ulp here and there, otherwise on every make of
// CPU. So the difference is of the kind that lies between a table in float32 and one in float64: ten times that is
// allowed, up to the timestep, and an ulp. A thousand factors in [1/2, 1), each off by half an ulp (2^-25), make 1.2
// 2^-15 at most.
TEST(SchedulerFixtures, AlphasCumprod) {
  const testing::Manifest manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  for (const Json& entry : manifest.json.at("cases")) {
    if (entry.at("kind") != "tables") continue;
    for (const auto& [key, expected] : LoadTensors(manifest.folder / entry.at("safetensors").get<std::string>())) {
      SCOPED_TRACE(key);
      const NoiseSchedule schedule = ScheduleOf(ConfigOfTable(key));
      const at::Tensor table = FloatTable(schedule), exact = DoubleTable(schedule),
                       rounding = RoundingOfTable(schedule);
      ASSERT_EQ(table.sizes(), expected.sizes());
      const at::Tensor allowed = exact * (10 * rounding + 0x1p-23) + 1e-12;
      EXPECT_LE(((table - expected).abs() / allowed).max().item<double>(), 1);
      EXPECT_LE(((table - exact).abs() / (exact * 0x1p-15 + 1e-12)).max().item<double>(), 1.2);
      fmt::print("{}: largest difference to torch {:.1e} of the value, of float32 to float64 {:.1e}\n", key,
                 ((table - expected).abs() / exact.clamp_min(1e-6)).max().item<double>(),
                 rounding.max().item<double>());
    }
  }
}

}  // namespace
}  // namespace skipbench
