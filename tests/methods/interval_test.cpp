#include "methods/interval/interval.h"

#include "tests/methods/conformance.h"
#include "tests/methods/static_masks.h"

namespace skipbench {
namespace {

using Anchor = IntervalOptions::Anchor;
using Level = LevelOptions::Level;
using testing::MaskOf;
using testing::TransformerRun;

METHOD_EXAMPLES(Interval, {"interval", {{"interval", 3}}}, {"interval", {{"interval", 4}, {"anchor", "start"}}},
                {"interval", {{"interval", 2}, {"level", "modules"}, {"modules", {"attention"}}}},
                {"interval", {{"interval", 2}, {"level", "residual"}}});

// FORA's grid of a tiny DiT with 20 steps: 0 and the calls at whole intervals from the last.
TEST(Interval, ForasGridHangsOnTheLastCall) {
  const std::map<int, std::string> masks = {{2, "11010101010101010101"},
                                            {3, "11001001001001001001"},
                                            {4, "10010001000100010001"},
                                            {5, "10001000010000100001"}};
  for (const auto& [interval, mask] : masks)
    for (const Level level : {Level::kOutput, Level::kModules})
      EXPECT_EQ(MaskOf(*MakeInterval({.interval = interval, .level = {.level = level}}), TransformerRun(20)), mask);
  EXPECT_EQ(MaskOf(*MakeInterval({.interval = 3, .anchor = Anchor::kStart}), TransformerRun(11)), "10010010010");
  EXPECT_EQ(MaskOf(*MakeInterval({.interval = 1}), TransformerRun(4)), "1111");
}

TEST(Interval, ReusesWhatItsLevelKeeps) {
  const RunShape run = TransformerRun(4);
  const auto reused = [&](const LevelOptions& level) {
    const auto method = MakeInterval({.interval = 5, .level = level});
    const Decision decision = method->Start(run)->Decide(1);
    if (decision.action == Action::kShallow) {
      EXPECT_EQ(method->Keeps(run).at(0).site, decision.site);
      EXPECT_EQ(method->Keeps(run).at(0).depth, 1);
    }
    return decision;
  };
  EXPECT_EQ(reused({.level = Level::kOutput}), Decision{Action::kReuse});
  EXPECT_EQ(reused({.level = Level::kLastBlock}), Shallow({.level = CacheSite::Level::kHidden}));
  EXPECT_EQ(reused({.level = Level::kResidual}), Shallow({.level = CacheSite::Level::kCut}));
  EXPECT_EQ(reused({.level = Level::kModules}),
            Shallow({.level = CacheSite::Level::kModules, .modules = kAttentionModule | kFeedForwardModule}));
  EXPECT_EQ(reused({.level = Level::kModules, .modules = {"feed_forward"}}),
            Shallow({.level = CacheSite::Level::kModules, .modules = kFeedForwardModule}));
}

TEST(Interval, IsNotSupportedWhereTheNetworkLacksItsLevel) {
  RunShape unet = TransformerRun(4);
  unet.network = {.cache_positions = 3};
  for (const Level level : {Level::kLastBlock, Level::kResidual})
    EXPECT_THROW(MakeInterval({.level = {.level = level}})->Start(unet), UnsupportedError);
  EXPECT_THROW(MakeInterval({.level = {.level = Level::kModules}})->Start(unet), UnsupportedError);
  EXPECT_NO_THROW(MakeInterval({})->Start(unet));
  EXPECT_ERROR(
      MakeInterval({.level = {.level = Level::kModules, .modules = {"cross_attention"}}})->Start(TransformerRun(4)),
      "the blocks of this pipeline's network have no cross_attention, only attention+feed_forward");
  EXPECT_ERROR(MakeInterval({.level = {.modules = {"attention"}}}), "only the level \"modules\" has modules");
}

}  // namespace
}  // namespace skipbench
