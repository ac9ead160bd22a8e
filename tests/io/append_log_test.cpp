#include "harness/io/files/append_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;
using Lines = std::vector<std::string>;

TEST(AppendLog, KeepsWhatWasAppended) {
  const TempDir dir;
  const auto path = dir / "deep/er/log.jsonl";
  {
    AppendLog log(path);
    EXPECT_TRUE(log.lines().empty());
    log.Append("{\"a\":1}\n{}\n");
    log.Append("");
    EXPECT_ERROR(log.Append("{}"), "only whole lines");
    EXPECT_ERROR(log.Append("{}\nword\n"), "only JSON objects are appended, not word");
  }
  AppendLog log(path);
  EXPECT_EQ(log.lines(), (Lines{"{\"a\":1}", "{}"}));
  log.Append("{\"b\":[]}\n");
  EXPECT_EQ(ReadFile(path),  // the checksums: zlib.crc32 of {"a":1}, {} and {"b":[]}
            "{\"a\":1,\"crc32\":\"561bacaf\"}\n{\"crc32\":\"a3a6bf43\"}\n{\"b\":[],\"crc32\":\"ecd95f23\"}\n");
}

std::string ThreeLines(const std::filesystem::path& path) {
  std::filesystem::remove(path);
  AppendLog(path).Append("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
  return ReadFile(path);
}

TEST(AppendLog, CutsOffWhatACrashTore) {
  const TempDir dir;
  const auto path = dir / "log";
  const std::string whole = ThreeLines(path);
  for (const std::string& torn :
       {std::string(), std::string("{"), std::string("{\"d\":4,\"crc32\":\"12"), std::string(100, '\0'),
        std::string("{\"d\":4,\"crc32\":\"00000000\"}\n"), std::string("half a line\n") + std::string(7, '\0')}) {
    WriteFile(path, whole + torn);
    AppendLog log(path);
    EXPECT_EQ(log.lines().size(), 3u);
    log.Append("{\"e\":5}\n");
    EXPECT_TRUE(ReadFile(path).starts_with(whole + "{\"e\":5,"));
  }
  // However short it was cut, whole lines count and nothing else.
  for (size_t length = 0; length <= whole.size(); ++length) {
    WriteFile(path, whole.substr(0, length));
    EXPECT_EQ(
        AppendLog(path).lines().size(),
        static_cast<size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n')));
  }
}

TEST(AppendLog, DamageBeforeTheEndIsAnError) {
  const TempDir dir;
  const auto path = dir / "log";
  const std::string whole = ThreeLines(path);
  const size_t second = whole.find('\n') + 1, third = whole.find('\n', second) + 1;
  for (size_t at = 0; at + 1 < third; ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    WriteFile(path, damaged);
    EXPECT_ERROR(AppendLog{path}, fmt::format("log:{}: damaged", at < second ? 1 : 2));
    EXPECT_EQ(ReadFile(path), damaged);
  }
  WriteFile(path, "{\"a\":1}\n");
  EXPECT_ERROR(AppendLog{path}, "log:1: no line of a log");
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
