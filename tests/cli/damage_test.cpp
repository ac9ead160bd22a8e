// Results that changed after the run, output that does not arrive, and commands that were cut short.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "harness/io/hdf5/hdf5.h"
#include "tests/cli/cli_support.h"
#include "tests/store/python.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ReadFile;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

// Runs the program with its output going to `out`.
int ExitCodeWritingTo(const char* out, const std::vector<std::string>& arguments) {
  const pid_t child = fork();
  if (child == 0) {
    const int to = open(out, O_WRONLY), quiet = open("/dev/null", O_WRONLY);
    dup2(to, 1);
    dup2(quiet, 2);
    const std::string program = testing::SkipbenchPath();
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Damage, OutputThatDoesNotArriveIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"--version"}, {"list", "methods"}, {"table", "--help"}}) {
    EXPECT_EQ(ExitCodeWritingTo("/dev/full", arguments), 3) << arguments[0];
    EXPECT_EQ(ExitCodeWritingTo("/dev/null", arguments), 0) << arguments[0];
  }
}

TEST(Damage, AnAnnotatedResultIsReadAndAChangedOneOnRequest) {
  SKIP_WITHOUT_H5PY();
  const TempDir dir;
  ASSERT_EQ(RunConfig(dir, SmallConfig(2, 4), "run").exit_code, 0);
  const std::string run = (dir / "run").string();
  fs::copy(dir / "run", dir / "whole", fs::copy_options::recursive);
  testing::ExpectPython("h5py.File(path, 'r+').attrs['note'] = 'checked'", dir / "run/results.h5");
  const std::string note =
      "results.h5: changed after the run; all that the run wrote is there as it wrote it. Added since, and not read: "
      "/: note";
  const auto table = Skipbench({"table", run});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_TRUE(Contains(table.out, note)) << table.out;
  EXPECT_TRUE(Contains(table.err, note)) << table.err;
  const auto compare = Skipbench({"compare", (dir / "whole").string(), run});
  EXPECT_EQ(compare.exit_code, 0) << compare.err;
  EXPECT_TRUE(Contains(compare.out, note)) << compare.out;

  testing::ExpectPython("h5py.File(path, 'r+')['settings/1/nfe'][0] = 1", dir / "run/results.h5");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"table", run},
                                                  {"compare", run, run},
                                                  {"merge", run, "--out", (dir / "m").string()},
                                                  {"report", run, "--out", (dir / "r").string()},
                                                  {"metrics", run, "--metric", "psnr"}}) {
    const auto refused = Skipbench(command);
    EXPECT_EQ(refused.exit_code, 3) << command[0];
    EXPECT_TRUE(Contains(refused.err, "/settings/1/nfe; --unchecked reads it all the same"))
        << command[0] << refused.err;
  }
  const auto unchecked = Skipbench({"table", run, "--unchecked"});
  EXPECT_EQ(unchecked.exit_code, 0) << unchecked.err;
  EXPECT_TRUE(Contains(unchecked.out, "results.h5: read without a check: ")) << unchecked.out;
}

// The result is there, but not what comes after it: the merge is simply made again.
TEST(Damage, AMergeThatWasCutShortIsMadeAgain) {
  const TempDir dir;
  Json config = SmallConfig(2, 4);
  config["save"] = {"images", "png"};
  config["contact_sheet"] = 2;
  for (const char* shard : {"0/2", "1/2"})
    ASSERT_EQ(RunConfig(dir, config, std::string("s") + shard[0], {"--shard", shard}).exit_code, 0);
  const std::vector<std::string> merge = {"merge", (dir / "s0").string(), (dir / "s1").string(), "--out",
                                          (dir / "m").string()};
  ASSERT_EQ(Skipbench(merge).exit_code, 0);
  const std::string sheet = ReadFile(dir / "m/contact_sheet.png"), result = ReadFile(dir / "m/results.h5");
  fs::remove(dir / "m/contact_sheet.png");
  const auto again = Skipbench(merge);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(ReadFile(dir / "m/contact_sheet.png"), sheet);
  EXPECT_EQ(ReadFile(dir / "m/results.h5"), result);
  const auto other = Skipbench({"merge", (dir / "s0").string(), "--out", (dir / "m").string()});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_TRUE(Contains(other.err, "m: holds a result already")) << other.err;
}

TEST(Damage, TemporaryPicturesOfAKilledRunGoWithTheNextOne) {
  const TempDir dir;
  Json config = SmallConfig(1, 4);
  config["save"] = {"png"};
  fs::create_directories(dir / "out/png/full_step");
  const auto left = dir / "out/png/full_step/.000000.png.aB3xY9.tmp", other = dir / "out/png/full_step/.notes.tmp";
  WriteFile(left, "half");
  WriteFile(other, "somebody's");
  ASSERT_EQ(RunConfig(dir, config, "out").exit_code, 0);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(other));
}

TEST(Damage, ANameStaysBelowResults) {
  const TempDir dir;
  for (const char* name : {"../up", "/etc/x", "a/b", "..", ".", "", ".hidden", "a\nb"}) {
    Json config = SmallConfig(1, 4);
    config["name"] = name;
    const auto run = RunConfig(dir, config, "out");
    EXPECT_EQ(run.exit_code, 3) << name;
    EXPECT_TRUE(Contains(run.err, "config.json: name: expected a name that a folder can have")) << run.err;
  }
}

TEST(Damage, WhatWouldNotEndIsRefusedWithItsNumber) {
  const TempDir dir;
  const auto expect = [&](const std::string& pointer, const Json& value, const std::string& text) {
    Json config = SmallConfig(1, 4);
    config[Json::json_pointer(pointer)] = value;
    const auto run = RunConfig(dir, config, "out", {"--dry-run"});
    EXPECT_EQ(run.exit_code, 3) << pointer;
    EXPECT_TRUE(Contains(run.err, text)) << run.err;
  };
  expect("/threads", 4096, "threads: expected an integer in [0, 1024], found 4096");
  Json many = Json::array();
  for (int i = 1; i <= 200; ++i) many.push_back(i * 0.001);
  Json sweep = {{"type", "adaptive_diffusion"}, {"delta", many}, {"max_skips", Json::array()}};
  for (int i = 1; i <= 200; ++i) sweep["max_skips"].push_back(i);
  expect("/methods/1", sweep, "the sweep has more than 10000 combinations of values");
  Json counts = Json::array();
  for (int i = 1; i <= 200; ++i) counts.push_back(i);
  Json config = SmallConfig(1, 4);
  config["steps"] = counts;
  config["guidance"] = counts;
  const auto run = RunConfig(dir, config, "out", {"--dry-run"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(Contains(
      run.err,
      "1 schedulers, 200 numbers of steps and 200 guidance scales make 40000 combinations; at most 10000 are possible"))
      << run.err;
}

}  // namespace
}  // namespace skipbench
