#include "harness/runtime/profiler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/base/error.h"
#include "harness/runtime/timer.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

const Profiler::Row* Find(const std::vector<Profiler::Row>& rows, const std::string& stage, const std::string& name) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.stage == stage && r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

TEST(Profiler, CountsTheOutermostOperatorInItsStage) {
  const Profiler profiler(at::kCPU);
  const at::Tensor x = at::ones({8, 8});
  StageTimer timer(at::kCPU);
  {
    auto stage = timer.Enter("denoiser");
    for (int i = 0; i < 3; ++i) {
      ProfiledRange range(RangeKind::kOperator, "linear", at::kFloat, 100);
      range.Add(12);
      const ProfiledRange inner(RangeKind::kOperator, "attention", at::kFloat, 7);
      at::mm(x, x);
    }
    at::mm(x, x);
  }
  at::mm(x, x);
  const auto rows = profiler.Rows();
  ASSERT_NE(Find(rows, "denoiser", "linear"), nullptr);
  EXPECT_EQ(Find(rows, "denoiser", "linear")->calls, 3);
  EXPECT_EQ(Find(rows, "denoiser", "linear")->macs, 3 * 112);
  EXPECT_EQ(Find(rows, "denoiser", "linear")->type, at::kFloat);
  EXPECT_EQ(Find(rows, "denoiser", "attention"), nullptr);
  ASSERT_NE(Find(rows, "denoiser", "aten::mm"), nullptr);
  EXPECT_EQ(Find(rows, "denoiser", "aten::mm")->calls, 1);
  ASSERT_NE(Find(rows, "", "aten::mm"), nullptr);
  ASSERT_NE(Find(rows, "denoiser", ""), nullptr);
  EXPECT_EQ(Find(rows, "denoiser", "")->calls, 1);
  double operators = 0;
  for (const auto& row : rows)
    if (row.stage == "denoiser" && !row.name.empty()) operators += row.seconds;
  EXPECT_LE(operators, Find(rows, "denoiser", "")->seconds);
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_GE(rows[i - 1].seconds, rows[i].seconds);
}

TEST(Profiler, OneAtATime) {
  EXPECT_FALSE(Profiler::active());
  {
    const Profiler profiler(at::kCPU);
    EXPECT_TRUE(Profiler::active());
    EXPECT_THROW(Profiler(at::kCPU), Error);
    EXPECT_TRUE(Profiler::active());
  }
  EXPECT_FALSE(Profiler::active());
  // A range that was open when a profiler ended, and one that was open when it began, are nobody's.
  auto first = std::make_unique<Profiler>(at::kCPU);
  auto crossing = std::make_unique<ProfiledRange>(RangeKind::kOperator, "linear");
  first.reset();
  const Profiler second(at::kCPU);
  crossing.reset();
  EXPECT_TRUE(second.Rows().empty());
}

TEST(Profiler, TraceIsJsonAndBounded) {
  const testing::TempDir folder;
  const Profiler profiler(at::kCPU, 5);
  for (int i = 0; i < 9; ++i) const TraceRange range("call \"x\"", i);
  { const ProfiledRange range(RangeKind::kOperator, "linear", at::kFloat, 64); }
  EXPECT_EQ(profiler.left_out_of_trace(), 5);
  EXPECT_EQ(profiler.Rows().size(), 1u);
  profiler.WriteTrace(folder / "trace.json");
  std::ifstream file(folder / "trace.json");
  const auto trace = nlohmann::json::parse(file);
  ASSERT_EQ(trace["traceEvents"].size(), 5u);
  for (const auto& event : trace["traceEvents"]) {
    EXPECT_EQ(event["ph"], "X");
    EXPECT_GE(event["dur"].get<double>(), 0);
  }
  EXPECT_EQ(trace["traceEvents"][4]["name"], "call \"x\" 4");
  EXPECT_THROW(profiler.WriteTrace(folder / "no/trace.json"), Error);
}

}  // namespace
}  // namespace skipbench
