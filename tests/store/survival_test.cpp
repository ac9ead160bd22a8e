// What a result folder survives: kill -9 at any moment, and a full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <random>

#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/store/python.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ExampleHeader;
using testing::ExampleWave;
using testing::TempDir;

constexpr int64_t kSamples = 24;
constexpr int64_t kWave = 2;

// A run: commits what is not there yet, wave by wave, and joins.
void CompleteRun(
    const fs::path& folder, const std::function<void()>& committed = [] {}) {
  const RunHeader header = ExampleHeader(kSamples);
  ResultWriter writer(folder, header, true);
  for (int64_t first = 0; first < kSamples; first += kWave) {
    if (writer.CommittedSamples().contains(testing::ExampleId(first))) continue;
    writer.Commit(ExampleWave(header, first, kWave, true));
    committed();
  }
  writer.Finish();
}

// Every sample that is there is there as a whole, and right. Returns how many there are.
int64_t ExpectWhole(const fs::path& folder) {
  std::vector<fs::path> files = ResultFiles(folder);
  if (files.empty()) return 0;
  const RunHeader header = ExampleHeader(kSamples);
  ResultReader reader = ResultReader::Open(folder);
  const int64_t n = static_cast<int64_t>(reader.samples().size());
  EXPECT_EQ(n % kWave, 0);
  const Wave all = ExampleWave(header, 0, n, true);
  for (size_t k = 0; k < header.settings.size(); ++k) {
    EXPECT_EQ(reader.Read<uint8_t>(k, "action").values, all.settings[k].action.values);
    EXPECT_EQ(reader.Read<double>(k, "psnr").values, all.settings[k].metrics.at("psnr"));
    EXPECT_EQ(reader.Read<float>(k, "latents").values, all.settings[k].latents.values);
    EXPECT_EQ(reader.Read<uint8_t>(k, "images").values, all.settings[k].images.values);
  }
  return n;
}

// Starts a run in a process of its own; it writes a byte into the pipe after each committed wave.
pid_t StartRun(const fs::path& folder, int report) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    CompleteRun(folder, [&] {
      if (write(report, "w", 1) != 1) _exit(3);
    });
  } catch (const std::exception& error) {
    dprintf(2, "%s\n", error.what());
    _exit(2);
  }
  _exit(0);
}

TEST(Survival, KillAtAnyMomentLosesAtMostTheWaveInFlight) {
  TempDir dir;
  std::mt19937 random(7);
  int in_waves = 0, in_join = 0, finished = 0;
  for (int round = 0; round < 60; ++round) {
    int reports[2];
    ASSERT_EQ(pipe(reports), 0);
    const pid_t child = StartRun(dir / "run", reports[1]);
    ASSERT_GE(child, 0);
    close(reports[1]);
    // Kill it some waves later (so that there is progress however slow the machine), a random while into the next one.
    int64_t committed = 0;
    char byte;
    for (const int64_t wanted = random() % 6; committed < wanted && read(reports[0], &byte, 1) == 1;) ++committed;
    usleep(random() % 8000);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (read(reports[0], &byte, 1) == 1) ++committed;
    close(reports[0]);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "exit code " << WEXITSTATUS(status);

    const int64_t there = ExpectWhole(dir / "run");
    EXPECT_GE(there, committed * kWave);  // what was reported is there
    in_waves += WIFSIGNALED(status) && there < kSamples;
    in_join += WIFSIGNALED(status) && there == kSamples;
    if (!WIFSIGNALED(status)) {
      EXPECT_EQ(there, kSamples);
      ++finished;
      fs::remove_all(dir / "run");
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(in_waves, 10);
  EXPECT_GT(in_join + finished, 2);
}

TEST(Survival, AReaderBesideARunSeesWholeWaves) {
  TempDir dir;
  int reports[2];
  ASSERT_EQ(pipe(reports), 0);
  const pid_t child = StartRun(dir / "run", reports[1]);
  close(reports[1]);
  int64_t committed = 0;
  for (char byte; read(reports[0], &byte, 1) == 1;) EXPECT_GE(ExpectWhole(dir / "run"), ++committed * kWave);
  close(reports[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ExpectWhole(dir / "run"), kSamples);
}

TEST(Survival, AResumedRunEqualsAnUninterruptedOne) {
  TempDir dir;
  CompleteRun(dir / "whole");
  const RunHeader header = ExampleHeader(kSamples);
  { ResultWriter(dir / "cut", header, false).Commit(ExampleWave(header, 6, kWave, true)); }
  { ResultWriter(dir / "cut", header, true).Commit(ExampleWave(header, 0, kWave, true)); }
  CompleteRun(dir / "cut");
  EXPECT_EQ(testing::ReadFile(dir / "whole/results.h5"), testing::ReadFile(dir / "cut/results.h5"));
  SKIP_WITHOUT_H5PY();
  testing::ExpectPython("f = h5py.File(path, 'r'); assert f['settings/2/latents'].shape[0] == 24",
                        dir / "cut/results.h5");
}

// Runs `body` with files limited to `bytes`, which fails a write as a full disk does. Returns the message of its Error.
template <class Body>
std::string WithFullDisk(uint64_t bytes, Body body) {
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit lowered = {bytes, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &lowered);
  std::string message;
  try {
    body();
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  return message;
}

TEST(Survival, AFullDiskCostsTheWaveInFlightOnly) {
  TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  {
    ResultWriter writer(dir / "run", header, false);
    writer.Commit(ExampleWave(header, 0, kWave, true));
    const uint64_t size = fs::file_size(dir / "run/segments/00000000.h5");
    for (uint64_t limit = 100; limit < size; limit += size / 13) {
      const std::string message = WithFullDisk(limit, [&] { writer.Commit(ExampleWave(header, kWave, kWave, true)); });
      EXPECT_NE(message.find("segments/00000002.h5: cannot be written: File too large"), std::string::npos) << message;
      EXPECT_EQ(ExpectWhole(dir / "run"), kWave);
    }
    EXPECT_EQ(writer.CommittedSamples().size(), 2u);
  }
  CompleteRun(dir / "run");
  EXPECT_EQ(ExpectWhole(dir / "run"), kSamples);
}

TEST(Survival, AFullDiskWhileJoiningKeepsTheSegments) {
  TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  CompleteRun(dir / "whole");
  const uint64_t whole = fs::file_size(dir / "whole/results.h5");
  {
    ResultWriter writer(dir / "run", header, false);
    for (int64_t first = 0; first < kSamples; first += kWave) writer.Commit(ExampleWave(header, first, kWave, true));
    for (const uint64_t limit : {uint64_t{0}, whole / 3, whole / 2, whole - 1}) {
      const std::string message = WithFullDisk(limit, [&] { writer.Finish(); });
      EXPECT_NE(message.find("results.h5: cannot be written: File too large"), std::string::npos) << message;
      EXPECT_FALSE(fs::exists(dir / "run/results.h5"));
      EXPECT_EQ(ExpectWhole(dir / "run"), kSamples);
    }
  }
  CompleteRun(dir / "run");
  EXPECT_EQ(ExpectWhole(dir / "run"), kSamples);
  EXPECT_FALSE(fs::exists(dir / "run/segments"));
}

}  // namespace
}  // namespace skipbench
