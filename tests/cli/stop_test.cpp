// A run that is asked to stop: what is stored, what it says, and that it goes on from there.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Child;
using testing::Differences;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;

size_t Segments(const fs::path& folder) {
  std::error_code error;
  size_t count = 0;
  for (fs::directory_iterator entry(folder / "segments", error), end; !error && entry != end; entry.increment(error))
    count += entry->path().extension() == ".h5";
  return count;
}

void WaitFor(Child& run, const std::function<bool()>& there) {
  while (run.running() && !there()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(Stop, EndsAfterTheWaveInFlightAndIsResumed) {
  const TempDir dir;
  const Json config = SmallConfig(12);
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  const std::string out = (dir / "out").string(), file = (dir / "config.json").string();
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT, SIGHUP}) {
    const size_t before = Segments(out);
    Child run({testing::SkipbenchPath(), "run", file, "--out", out, "--quiet", "--resume", "--grace",
               signal == SIGHUP ? "0" : "5m"});
    WaitFor(run, [&] { return Segments(out) > before; });
    run.Signal(signal);
    const auto end = run.Wait();
    ASSERT_EQ(end.exit_code, 75) << end.err;
    const auto said = [&](size_t stored) {
      return HasSubstr(
          fmt::format("stopped by SIG{}: {} of 12 samples are stored in {}", sigabbrev_np(signal), stored, out));
    };
    // What is left at once may just have been stored, and is not counted then.
    if (signal == SIGHUP)
      EXPECT_THAT(end.err, ::testing::AnyOf(said(Segments(out)), said(Segments(out) - 1)));
    else
      EXPECT_THAT(end.err, said(Segments(out)));
    EXPECT_THAT(end.err, HasSubstr("skipbench run " + file + " --out " + out));
    if (signal != SIGHUP) {
      EXPECT_THAT(end.err, Not(HasSubstr("given up")));
    }
    EXPECT_GT(Segments(out), before);
  }
  ASSERT_EQ(RunConfig(dir, config, "out", {"--resume"}).exit_code, 0);
  EXPECT_EQ(Differences(dir / "whole", out), "");
}

// A signal that comes while the program is being loaded, or the model, is no death.
TEST(Stop, BeforeAnythingWasRun) {
  const TempDir dir;
  testing::WriteFile(dir / "config.json", SmallConfig(12).dump());
  const std::string out = (dir / "out").string(), file = (dir / "config.json").string();
  Child run({testing::SkipbenchPath(), "run", file, "--out", out, "--quiet", "--overwrite"});
  // From the moment when it has held signals back.
  WaitFor(run, [&] {
    return testing::ReadFile(fmt::format("/proc/{}/status", run.pid())).find("SigBlk:\t0000000000004203") !=
           std::string::npos;
  });
  run.Signal(SIGUSR1);
  const auto end = run.Wait();
  EXPECT_EQ(end.exit_code, 75) << end.err;
  EXPECT_THAT(end.err, HasSubstr("stopped by SIGUSR1"));
  EXPECT_FALSE(fs::exists(dir / "out/results.h5"));
}

TEST(Stop, GraceIsATime) {
  const auto run = Skipbench({"run", "nothing.json", "--grace", "soon"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("run: --grace: expected a time such as 60s, 5m or 1h, found \"soon\""));
}

}  // namespace
}  // namespace skipbench
