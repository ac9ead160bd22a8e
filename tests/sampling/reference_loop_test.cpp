#include "harness/sampling/reference_loop.h"

#include <gtest/gtest.h>

#include <sstream>

#include "methods/deepcache/deepcache.h"
#include "tests/sampling/fake_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;
using testing::ReadFile;
using testing::SourceDir;

TEST(ReferenceLoop, IsTheOneThatTheReadmeShows) {
  const std::string source = ReadFile(SourceDir() / "harness/sampling/reference_loop.cpp");
  const std::string readme = ReadFile(SourceDir() / "harness/sampling/README.md");
  const size_t begin = readme.find("```cpp\n"), end = readme.find("```\n", begin + 7);
  ASSERT_NE(end, std::string::npos);
  std::istringstream lines(readme.substr(begin + 7, end - begin - 7));
  std::string shown;
  for (std::string line; std::getline(lines, line);) shown += "    " + line + "\n";
  EXPECT_NE(source.find(shown), std::string::npos) << "the README shows\n" << shown;
}

// By hand: x' = x - f / steps with the fake scheduler's first call, in which no history counts.
TEST(ReferenceLoop, FirstCallIsThePlainFormula) {
  const auto method = MakeDeepCache({.interval = 2, .branch = 0});
  FakeDenoiser denoiser;
  const TrajectoryRecord record = FakeRun{FakeScheduler(4), 2}.RunAlone(*method, 1, &denoiser);
  EXPECT_EQ(denoiser.full(), 2);
  EXPECT_EQ(denoiser.shallow(), 2);
  const at::Tensor noise = CounterNoise(3)->Open(101, 1, testing::kShape)->Draw(0);
  EXPECT_TRUE(at::equal(record.latents[0], noise * 2));
  const at::Tensor f = at::sin(2 * record.latents[0] + 1000.0 / 300) + 0.1;
  const at::Tensor expected = record.latents[0] - (0.5 * f + 3.0 * (f - 0.5 * f)) / 4;
  EXPECT_LT((record.latents[1] - expected).abs().max().item<float>(), 1e-5);
}

}  // namespace
}  // namespace skipbench
