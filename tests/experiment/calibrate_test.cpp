// Calibration, results and report of a method that the program does not know: only what it declares says how to treat
// it.
#include "harness/experiment/calibrate/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/experiment/run/run_experiment.h"
#include "harness/store/result_reader.h"
#include "tests/sampling/toy_method.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;
using testing::ToyMethod;
using testing::WriteFile;

// A plan over the shipped model: the full run, and `type` with `parameters`.
Plan PlanWith(const TempDir& dir, const MethodType& type, const Json& parameters,
              std::shared_ptr<const Method> method) {
  const std::string data = (testing::SourceDir() / "datasets/fashion_scenes").string();
  const Json config = {{"pipeline", data + "/model"},
                       {"scheduler", "ddim"},
                       {"steps", 12},
                       {"guidance", 4.0},
                       {"threads", 1},
                       {"data", {{"type", "coco"}, {"captions", data + "/captions.json"}, {"count", 2}}},
                       {"batch_invariant", true},
                       {"methods", {"full_step", "deepcache"}}};
  WriteFile(dir / "c.json", config.dump());
  ExperimentConfig read = ReadExperimentConfig(dir / "c.json", {});
  SettingSpec& setting = read.settings.at(1);  // in the place of deepcache
  setting.type = &type;
  setting.method = std::move(method);
  setting.parameters = parameters;
  setting.label = setting.method->Label();
  return MakePlan(std::move(read), {});
}

TEST(Calibrate, MovesTheOptionThatAMethodMarksInTheDirectionThatItDeclares) {
  const TempDir dir;
  const MethodType type = testing::ToyType();
  const Plan plan = PlanWith(dir, type, {{"type", "toy"}, {"similarity", 1}}, std::make_shared<ToyMethod>(1));
  const auto done = Calibrate(plan, {.nfe = 9, .speedup = {}, .tolerance = 0.5, .samples = 2}, {});
  EXPECT_TRUE(done.refused.empty());
  ASSERT_EQ(done.found.size(), 1u);
  const Calibration& found = done.found[0];
  EXPECT_EQ(found.option, "similarity");
  EXPECT_FALSE(found.predicts_above);
  EXPECT_TRUE(found.result.reached);
  EXPECT_NEAR(found.result.nfe, 9, 0.5);
  const double similarity = found.parameters.at("similarity").get<double>();
  EXPECT_EQ(found.method, fmt::format("toy(similarity={})", similarity));
  // A run with what was found makes that many predictions, and its result says how the method decides.
  Plan again = PlanWith(dir, type, found.parameters, std::make_shared<ToyMethod>(similarity));
  RunExperiment(again, {.out = dir / "out", .quiet = true});
  const ResultReader reader = ResultReader::Open(dir / "out");
  const auto nfe = reader.Read<double>(1, "nfe").values;
  EXPECT_DOUBLE_EQ((nfe[0] + nfe[1]) / 2, found.result.nfe);
  EXPECT_FALSE(reader.header().settings[0].criterion);
  const auto& criterion = reader.header().settings[1].criterion;
  ASSERT_TRUE(criterion);
  EXPECT_EQ(criterion->name, "similarity of neighbouring latents");
  EXPECT_EQ(criterion->axis, "similarity");
  EXPECT_FALSE(criterion->predicts_above);
  EXPECT_EQ(criterion->option, "similarity");
}

TEST(Calibrate, RefusesAMethodThatDeclaresNothingByName) {
  const TempDir dir;
  const MethodType forgot = testing::ToyType(false), declares = testing::ToyType();
  const Json parameters = {{"type", "toy"}, {"similarity", 0.9}};
  const CalibrationOptions wanted{.nfe = 9, .speedup = {}, .samples = 1};
  EXPECT_ERROR(
      Calibrate(PlanWith(dir, forgot, parameters, std::make_shared<ToyMethod>(0.9, false)), wanted, {}),
      "none of them has a threshold that could be calibrated:\n  full_step: it declares no criterion with a threshold\n"
      "  toy(similarity=0.9): it declares no criterion with a threshold");
  EXPECT_ERROR(Calibrate(PlanWith(dir, forgot, parameters, std::make_shared<ToyMethod>(0.9)), wanted, {}),
               "toy(similarity=0.9): its criterion's threshold is proportional to none of its options");
  EXPECT_ERROR(Calibrate(PlanWith(dir, declares, parameters, std::make_shared<ToyMethod>(0.9, false)), wanted, {}),
               "toy(similarity=0.9): it declares no criterion for its threshold");
}

TEST(Calibrate, DoesNotBelieveATraceThatContradictsTheDeclaration) {
  const Criterion above{"c", "c"}, below{"c", "c", Criterion::Predicts::kBelow};
  const std::vector<Decision> decisions = {
      {Action::kPredict}, {Action::kPredict}, {Action::kReuse}, {Action::kPredict}};
  const Trace trace = {{"criterion", {3, 1, kNotShown, 5}}, {"threshold", {2, 2, kNotShown, 2}}};
  const DeltaProbe probe = ReadTrajectory("toy", above, trace, decisions, 0.5);
  EXPECT_EQ(probe.samples[0].nfe, 3);
  EXPECT_DOUBLE_EQ(probe.samples[0].low, 0.25);   // skipped with 1 against 2
  EXPECT_DOUBLE_EQ(probe.samples[0].high, 0.75);  // predicted with 3 against 2
  EXPECT_ERROR(
      ReadTrajectory("toy", below, trace, decisions, 0.5),
      "toy: declares that it predicts where its criterion is below the threshold; call 1 predicts with 3 against 2");
  EXPECT_ERROR(ReadTrajectory("toy", above, {{"criterion", {3, 1, 1, 1}}}, decisions, 0.5),
               "toy: declares a criterion, but does not record its \"threshold\"");
  EXPECT_ERROR(ReadTrajectory("toy", above, {{"criterion", {3}}, {"threshold", {2}}}, decisions, 0.5),
               "its \"criterion\" for each of 4 calls");
}

}  // namespace
}  // namespace skipbench
