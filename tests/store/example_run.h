// A small made-up run for tests of what results are stored in and shown from.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "harness/store/records.h"

namespace skipbench::testing {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline SettingInfo ExampleSetting(const std::string& label, const std::string& type, int calls,
                                  bool reference = false) {
  SettingInfo info;
  info.label = label;
  info.type = type;
  info.parameters = {{"type", type}, {"delta", 0.1}};
  info.steps = info.calls = calls;
  for (int i = 0; i < calls; ++i) info.timesteps.push_back(981.0 - 1000.0 * i / calls);
  info.reference = reference;
  return info;
}

inline MetricInfo ExamplePsnr() {
  return {.name = "psnr",
          .title = "PSNR",
          .unit = "dB",
          .better = Direction::kHigher,
          .decimals = 2,
          .limit = 0.5,
          .ceiling = 100,
          .order = 0,
          .per_frame = true};
}

inline RunHeader ExampleHeader(int64_t samples = 6) {
  RunHeader header;
  header.name = "example";
  header.config = Json::parse(R"({"name": "example", "steps": 4, "methods": [{"type": "adaptive", "delta": [0.1]}]})");
  header.expanded_config = Json::parse(
      R"({"steps": 4, "batch_size": 2, "model_scheduler": {"clip_sample": false}, "methods": [{"type": "full_step"},
      {"type": "adaptive", "delta": 0.1}, {"type": "fewer_steps", "steps": 2}]})");
  header.execution_keys = {"batch_size"};
  header.model = "tiny";
  header.model_files = {{"unet/model.safetensors", std::string(64, 'a')},
                        {"vae/model.safetensors", std::string(64, 'b')}};
  header.model_hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  header.scheduler = "ddim";
  header.steps = 4;
  header.guidance = 4.5;
  header.seed = 18446744073709551615ull;  // all 64 bits
  header.sample_count = samples;
  header.device = "cpu";
  header.dtype = "float32";
  header.threads = 2;
  header.skipbench_version = "0.1.0";
  header.libtorch_version = "2.11.0";
  header.git_revision = "abcdef";
  header.settings = {ExampleSetting("full_step", "full_step", 4, true),
                     ExampleSetting("adaptive(delta=0.1)", "adaptive", 4),
                     ExampleSetting("fewer_steps(steps=2)", "fewer_steps", 2)};
  header.metrics = {ExamplePsnr(),
                    {.name = "latent_error", .title = "latent error", .better = Direction::kLower, .order = 200}};
  return header;
}

// A value that tells one sample, setting and place from every other, with all bits of a double in use.
inline double ExampleValue(int64_t ordinal, size_t setting, double place) {
  return std::sin(1.0 + static_cast<double>(ordinal) * 17.3 + static_cast<double>(setting) * 3.1 + place * 0.77) / 3.0;
}

inline int64_t ExampleId(int64_t ordinal) { return 1000 - ordinal * 7; }  // not in the order of the plan

// The wave of samples [first, first + n) of the plan, as the run would compute it whatever the wave.
inline Wave ExampleWave(const RunHeader& header, int64_t first, int64_t n, bool tensors = false) {
  Wave wave;
  for (int64_t i = first; i < first + n; ++i)
    wave.samples.push_back(
        {i, ExampleId(i), "a caption, №" + std::to_string(i) + " – \xf0\x9f\x91\x9f", header.seed, i % 3});
  for (size_t k = 0; k < header.settings.size(); ++k) {
    const int64_t calls = header.settings[k].calls;
    SettingWave s;
    s.action = {{n, calls}, {}};
    s.branch = {{n, calls}, {}};
    auto& criterion = s.traces["criterion"] = {{n, calls}, {}};
    auto& features = s.features["fashion"] = {{n, 3}, {}};
    for (int64_t i = first; i < first + n; ++i) {
      int predictions = 0;
      for (int64_t c = 0; c < calls; ++c) {
        const bool skip = k == 1 && c > 0 && (i + c) % 2 == 0;
        s.action.values.push_back(skip ? kActionReuse : kActionPredict);
        s.branch.values.push_back(static_cast<int16_t>(c - 2));
        criterion.values.push_back(c == 0 ? kNaN : ExampleValue(i, k, static_cast<double>(c)));
        predictions += !skip;
      }
      for (int d = 0; d < 3; ++d) features.values.push_back(static_cast<float>(ExampleValue(i, k, 100 + d)));
      s.nfe.push_back(predictions);
      s.shallow_nfe.push_back(0);
      s.macs_modules.push_back(predictions * 104857601.0);
      s.macs_matmuls.push_back(predictions * 123456789.0);
      s.metrics["psnr"].push_back(k == 0 ? kInfinity : 25 + ExampleValue(i, k, 50));
      s.metrics["latent_error"].push_back(k == 0 ? 0 : 1 + ExampleValue(i, k, 51));
      s.status.push_back(Status::kDone);
      s.message.emplace_back();
    }
    if (tensors) {
      s.latents.shape = {n, calls + 1, 2, 2, 2};
      s.noise_predictions.shape = {n, calls, 2, 2, 2, 2};
      s.images.shape = {n, 4, 4, 3};
      for (int64_t i = first; i < first + n; ++i) {
        for (int64_t j = 0; j < (calls + 1) * 8; ++j)
          s.latents.values.push_back(static_cast<float>(ExampleValue(i, k, 200 + static_cast<double>(j))));
        for (int64_t j = 0; j < calls * 16; ++j)
          s.noise_predictions.values.push_back(static_cast<float>(ExampleValue(i, k, 500 + static_cast<double>(j))));
        for (int64_t j = 0; j < 48; ++j) s.images.values.push_back(static_cast<uint8_t>(i * 48 + j));
      }
    }
    for (int64_t i = 0; i < n; ++i) {
      wave.cost.separate_evaluations += s.nfe[static_cast<size_t>(i)];
      if (k != 1) wave.cost.evaluations += s.nfe[static_cast<size_t>(i)];
    }
    wave.settings.push_back(std::move(s));
  }
  wave.cost.wall_s = 0.5 + static_cast<double>(first);
  wave.cost.stage_s = {{"denoiser", 0.25}, {"decoder", 0.125}};
  return wave;
}

}  // namespace skipbench::testing
