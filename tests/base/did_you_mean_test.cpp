#include "harness/base/did_you_mean.h"

#include <gtest/gtest.h>

namespace skipbench {
namespace {

TEST(EditDistance, CountsChangesAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("", "ab"), 2u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("psnr", "psrn"), 1u) << "two neighbours swapped";
  EXPECT_EQ(EditDistance("ca", "abc"), 3u) << "nothing between the two that were swapped";
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> methods = {"full_step", "fewer_steps", "adaptive_diffusion", "deepcache",
                                            "difference_order"};
  EXPECT_EQ(Nearest("AdaptiveDiffusion", methods), "adaptive_diffusion");
  EXPECT_EQ(Nearest("deep_cache", methods), "deepcache");
  EXPECT_EQ(Nearest("fewersteps", methods), "fewer_steps");
  EXPECT_EQ(Nearest("full-stp", methods), "full_step");
  EXPECT_EQ(Nearest("fid_claen", {"fid:clean", "kid:clean"}), "fid:clean");
  EXPECT_EQ(Nearest("tabel", {"run", "table"}), "table");
  EXPECT_EQ(Nearest("rnu", {"run", "table"}), "run");
  EXPECT_EQ(Nearest("--ouput", {"--out", "--output"}), "--output");
  EXPECT_EQ(Nearest("--output", {"--quiet", "--out"}), "--out");
  EXPECT_EQ(Nearest("adaptive", methods), "adaptive_diffusion");
  EXPECT_EQ(Nearest("ab", {"aa", "bb"}), "aa") << "of equally near ones the first";
}

TEST(Nearest, IsSilentWhereNothingIsNear) {
  EXPECT_EQ(Nearest("magic", {"full_step", "run"}), "");
  EXPECT_EQ(Nearest("x", {"y", "z"}), "") << "nothing of the name is left";
  EXPECT_EQ(Nearest("", {"run"}), "");
  EXPECT_EQ(Nearest("--", {"--out"}), "");
  EXPECT_EQ(Nearest("run", {}), "");
  EXPECT_EQ(Nearest("fashion-scenes", {"fashion-motion", "fashion-scenes"}), "") << "it is the name itself";
  EXPECT_EQ(Nearest(std::string(1000000, 'a'), {"aaaa"}), "");
}

TEST(KnownNames, EndsAMessage) {
  EXPECT_EQ(KnownNames("psrn", {"psnr", "ssim"}), "known: psnr, ssim; did you mean \"psnr\"?");
  EXPECT_EQ(KnownNames("magic", {"psnr", "ssim"}), "known: psnr, ssim");
}

}  // namespace
}  // namespace skipbench
