// FVD of a run, with an I3D whose weights follow a formula.
#include "tests/cli/video_metrics.h"
#include "tests/support/formula_weights.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::TempDir;

TEST(VideoMetricsLong, FvdOfARunIsThatOfItsFrames) {
  const TempDir dir, weights;
  testing::WriteFormulaWeights(ReadJsonFile(testing::SourceDir() / "tests/fixtures/metrics/weights/i3d_k400.json"),
                               weights / "i3d_k400.safetensors");
  Json config = testing::ClipConfig(dir, 10, {"psnr", "fvd", "fvd:paper"});
  config["metric_weights"] = {weights.path().string()};
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json report =
      testing::MeasureSavedClips(dir / "out", "fvd,fvd:paper", {"--metric-weights", weights.path().string()});
  testing::ExpectTableSaysSo(dir / "out", report, {"fvd", "fvd:paper"});
}

}  // namespace
}  // namespace skipbench
