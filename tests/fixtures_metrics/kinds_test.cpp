// Which kinds of metric reference data are checked: whatever the manifest lists and no test reads is said, not dropped.
#include <gtest/gtest.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// Kinds with a test in this folder.
const std::set<std::string> kChecked = {"psnr", "chi2", "macs"};

TEST(MetricFixtures, EveryKindIsCheckedOrNamed) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  std::map<std::string, int> kinds;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) ++kinds[entry.at("kind").get<std::string>()];
  int checked = 0;
  for (const auto& [kind, count] : kinds) {
    if (kChecked.contains(kind)) {
      ++checked;
    } else {
      fmt::print("not checked yet: {} ({} case{})\n", kind, count, count == 1 ? "" : "s");
    }
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace skipbench
