#include "harness/io/append_log.h"

#include <gtest/gtest.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

TEST(AppendLog, KeepsWhatWasAppended) {
  const TempDir dir;
  const auto path = dir / "deep/er/log.jsonl";
  {
    AppendLog log(path);
    EXPECT_TRUE(log.lines().empty());
    log.Append("one\ntwo\n");
    log.Append("");
    EXPECT_ERROR(log.Append("half"), "only whole lines");
  }
  AppendLog log(path);
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"one", "two"}));
  log.Append("three\n");
  EXPECT_EQ(ReadFile(path), "one\ntwo\nthree\n");
}

TEST(AppendLog, CutsOffWhatACrashTore) {
  const TempDir dir;
  const auto path = dir / "log";
  for (const std::string whole : {"", "a\n", "a\nbb\n"})
    for (const std::string torn : {"", "c", "cc,\"path\":"}) {
      WriteFile(path, whole + torn);
      AppendLog log(path);
      log.Append("next\n");
      EXPECT_EQ(ReadFile(path), whole + "next\n");
    }
}

TEST(AppendLog, ErrorsNameTheFile) {
  const TempDir dir;
  WriteFile(dir / "file", "x");
  EXPECT_ERROR(AppendLog(dir / "file/log"), "file");
  std::filesystem::create_directory(dir / "folder");
  EXPECT_ERROR(AppendLog(dir / "folder"), "folder: cannot be opened");
}

}  // namespace
}  // namespace skipbench
