// Running build/skipbench on small configs over the shipped model.
#pragma once

#include <gtest/gtest.h>

#include "harness/store/result_reader.h"
#include "tests/support/fixtures.h"
#include "tests/support/process.h"

namespace skipbench::testing {

// A config over the shipped model that takes about a second: few samples, few steps, one sample a wave.
inline Json SmallConfig(int samples = 4, int steps = 10) {
  const std::string data = (SourceDir() / "datasets/fashion_scenes").string();
  return {{"name", "small"},
          {"pipeline", data + "/model"},
          {"scheduler", "ddim"},
          {"steps", steps},
          {"guidance", 4.0},
          {"threads", 1},
          {"data", {{"type", "coco"}, {"captions", data + "/captions.json"}, {"count", samples}}},
          {"seed", 7},
          {"wave_size", 1},
          {"batch_size", 4},
          {"methods",
           {{{"type", "full_step"}},
            {{"type", "adaptive_diffusion"}, {"delta", {0.05, 0.2}}},
            {{"type", "fewer_steps"}, {"steps", 5}}}},
          {"metrics", {"psnr", "ssim", "latent_error"}}};
}

inline bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline ProcessResult Skipbench(std::vector<std::string> args, int kill_after_ms = -1) {
  args.insert(args.begin(), SkipbenchPath());
  return RunProcess(args, kill_after_ms);
}

inline ProcessResult RunConfig(const TempDir& dir, const Json& config, const std::string& out,
                               std::vector<std::string> more = {}, int kill_after_ms = -1) {
  WriteFile(dir / "config.json", config.dump());
  std::vector<std::string> args = {"run", (dir / "config.json").string(), "--out", (dir / out).string(), "--quiet"};
  args.insert(args.end(), more.begin(), more.end());
  return Skipbench(args, kill_after_ms);
}

// Everything in two results but timings: names of what differs, empty if nothing does. `tolerance` for floating-point
// columns.
inline std::string Differences(const std::filesystem::path& a, const std::filesystem::path& b, double tolerance = 0) {
  ResultReader x = ResultReader::Open(a), y = ResultReader::Open(b);
  if (x.samples().size() != y.samples().size()) return "number of samples";
  std::string text;
  for (size_t s = 0; s < x.samples().size(); ++s)
    if (x.samples()[s].id != y.samples()[s].id || x.samples()[s].caption != y.samples()[s].caption)
      text += fmt::format("sample {}\n", s);
  for (size_t k = 0; k < x.header().settings.size(); ++k)
    for (const auto& column : x.Columns(k)) {
      const std::string where = x.header().settings[k].label + ": " + column.name;
      if (!y.FindColumn(k, column.name)) {
        text += where + " is missing\n";
        continue;
      }
      if (column.type == hdf5::Type::kString) continue;
      const auto u = x.Read<double>(k, column.name), v = y.Read<double>(k, column.name);
      if (u.shape != v.shape) {
        text += where + ": shape\n";
        continue;
      }
      double worst = 0;
      for (size_t i = 0; i < u.values.size(); ++i) {
        if (std::isnan(u.values[i]) && std::isnan(v.values[i])) continue;
        if (u.values[i] == v.values[i]) continue;
        const double difference = std::abs(u.values[i] - v.values[i]);
        worst = std::max(worst, std::isfinite(difference) ? difference : HUGE_VAL);
      }
      if (worst > tolerance) text += fmt::format("{}: differs by {}\n", where, worst);
    }
  return text;
}

}  // namespace skipbench::testing
