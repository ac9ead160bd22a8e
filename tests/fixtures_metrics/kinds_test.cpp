// Which kinds of metric reference data are checked: a kind that the manifest lists and no test reads is a failure.
#include <gtest/gtest.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// Kinds with a test in this folder.
const std::set<std::string> kChecked = {"chi2", "frechet", "fvd",  "inception",   "kid",    "lpips",
                                        "macs", "prc",     "psnr", "torchscript", "weights"};

TEST(MetricFixtures, EveryKindIsChecked) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  EXPECT_FALSE(manifest.json.at("cases").empty());
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    const auto kind = entry.at("kind").get<std::string>();
    EXPECT_TRUE(kChecked.contains(kind)) << id << ": nothing checks the kind " << kind;
  }
}

}  // namespace
}  // namespace skipbench
