// Claims of processes that share a folder: one wins, a dead one's are taken over, by one.
#include "harness/store/claims/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "harness/base/error.h"
#include "harness/io/files/exclusive_name.h"
#include "harness/store/claims/progress.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/folder_lock.h"
#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TempDir;
using Owner = Claims::Owner;

// As another machine's process: nothing but its file tells whether it lives.
ProcessName Elsewhere(int pid) { return {.host = "elsewhere", .pid = pid}; }

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// A worker's file as a process leaves it that was killed: no end is said, and nobody renews it.
void LeaveDead(const fs::path& folder, const std::string& id, const std::string& item, const WorkerState& as) {
  WorkerState worker = as;
  worker.id = id;
  worker.state = "working";
  worker.item = item;
  testing::WriteFile(folder / kClaimsFolder / WorkerFile(id), ToJson(worker).dump());
  testing::WriteFile(folder / kClaimsFolder / (item + ".0"), id + "\n");
}

TEST(ExclusiveName, OneOfManyWins) {
  const TempDir dir;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> won = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back(
          [&, i] { won += MakeExclusively(dir / fmt::format("name{}", round), fmt::format("{}", i)); });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
  }
  EXPECT_FALSE(MakeExclusively(dir / "name0", "late"));
  EXPECT_NE(ReadFile(dir / "name0"), "late");
  EXPECT_THROW(MakeExclusively(dir / "nowhere/name", ""), Error);
  EXPECT_FALSE(ReplaceQuickly(dir / "nowhere/name", ""));
  // Nothing but the names is left.
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 20);
}

// A message may be a compiler's page, and name files in any encoding.
TEST(Worker, WhateverFailedIsReadAgain) {
  const TempDir dir;
  fs::create_directories(dir / kClaimsFolder);
  WorkerState worker{.id = "a", .process = Elsewhere(7), .state = "failed", .item = "00000001"};
  worker.message = "/caf\xe9/weights: " + std::string(100000, '\x01');
  testing::WriteFile(dir / kClaimsFolder / WorkerFile("a"), FileText(worker));
  const auto read = ReadWorkers(dir.path());
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].state, "failed");
  EXPECT_FALSE(read[0].alive);
  EXPECT_THAT(read[0].message, HasSubstr("/caf\xEF\xBF\xBD/weights: "));
}

TEST(Claims, AnItemIsOnes) {
  const TempDir dir;
  Claims a(dir.path(), ThisProcess(), 0, 60), b(dir.path(), Elsewhere(2), 0, 60);
  a.Refresh();
  b.Refresh();
  EXPECT_EQ(b.OwnerOf("00000000"), Owner::kNobody);
  EXPECT_TRUE(a.Claim("00000000"));
  EXPECT_FALSE(b.Claim("00000000"));  // without having looked again
  b.Refresh();
  EXPECT_EQ(b.OwnerOf("00000000"), Owner::kAlive);
  EXPECT_EQ(a.OwnerOf("00000000"), Owner::kAlive);
  EXPECT_TRUE(b.Claim("00000004"));
  a.End("stopped");
  EXPECT_EQ(b.OwnerOf("00000000"), Owner::kGone);
  EXPECT_TRUE(b.Claim("00000000"));
  EXPECT_EQ(b.Before("00000000"), 1);
  EXPECT_EQ(b.Before("00000004"), 0);
}

TEST(Claims, OfManyThatTakeOverOneWins) {
  const TempDir dir;
  {
    Claims dead(dir.path(), Elsewhere(1), 0, 60);
    dead.Refresh();
    ASSERT_TRUE(dead.Claim("wave"));
    dead.End("failed", "out of memory");
  }
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      Claims one(dir.path(), Elsewhere(10 + i), 0, 60);
      one.Refresh();
      won += one.OwnerOf("wave") == Owner::kGone && one.Claim("wave");
      Sleep(0.3);  // alive until all have tried
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
}

TEST(Claims, WhoGivesNoSignOfLifeForALeaseIsDead) {
  const TempDir dir;
  Claims self(dir.path(), ThisProcess(), 0, 60);
  WorkerState other{.process = Elsewhere(1), .space = "another boot", .start = 5, .lease_s = 1.0};
  LeaveDead(dir.path(), "other", "wave", other);
  self.Refresh();
  EXPECT_EQ(self.OwnerOf("wave"), Owner::kAlive);
  const auto file = dir / "claims" / WorkerFile("other");
  // By the file system's clock, of which this process knows an earlier time.
  fs::last_write_time(file, fs::last_write_time(file) - std::chrono::seconds(3));
  EXPECT_EQ(self.OwnerOf("wave"), Owner::kGone);
  // A process of this machine that is not there is dead at once; one that is, is not.
  WorkerState here{.process = ThisProcess(), .space = ProcessSpace(), .start = *StartOf(getpid())};
  LeaveDead(dir.path(), "here", "here", here);
  here.start += 1;
  LeaveDead(dir.path(), "gone", "gone", here);
  self.Refresh();
  EXPECT_EQ(self.OwnerOf("here"), Owner::kAlive);
  EXPECT_EQ(self.OwnerOf("gone"), Owner::kGone);
  fs::remove(file);
  EXPECT_EQ(self.OwnerOf("wave"), Owner::kGone);
}

TEST(Claims, SignsOfLifeKeepAProcessAlive) {
  const TempDir dir;
  Claims a(dir.path(), Elsewhere(1), 0, 1.0), b(dir.path(), Elsewhere(2), 0, 60);
  a.Refresh();
  ASSERT_TRUE(a.Claim("wave"));
  a.Working("wave");
  Sleep(2.5);
  b.Refresh();
  EXPECT_EQ(b.OwnerOf("wave"), Owner::kAlive);
}

TEST(Claims, AFolderIsSharedOrOnesAlone) {
  const TempDir dir;
  const auto message = [](auto&& what) -> std::string {
    try {
      what();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  {
    const FolderLock alone(dir.path());
    EXPECT_TRUE(FolderLock::IsHeld(dir.path()));
    const Claims self(dir.path(), Elsewhere(7), 0, 60);
    EXPECT_THAT(message([&] { FolderLock(dir.path(), FolderLock::Use::kShared); }), HasSubstr("another run or merge"));
  }
  EXPECT_FALSE(FolderLock::IsHeld(dir.path()));
  const Claims self(dir.path(), Elsewhere(8), 0, 60);
  const FolderLock one(dir.path(), FolderLock::Use::kShared), other(dir.path(), FolderLock::Use::kShared);
  EXPECT_THAT(message([&] { FolderLock(dir.path()); }), HasSubstr("elsewhere, process 8"));
}

TEST(Claims, TheFirstPlanCounts) {
  const TempDir dir;
  const Claims self(dir.path(), ThisProcess(), 0, 60);
  const RunHeader header = testing::ExampleHeader();
  const SharedPlan first{{{0, 4}, {4, 6}}, "[]"};
  EXPECT_EQ(AgreeOnPlan(dir.path(), header, first).waves, first.waves);
  EXPECT_EQ(AgreeOnPlan(dir.path(), header, {{{0, 6}}, "[]"}).waves, first.waves);
  EXPECT_THROW(AgreeOnPlan(dir.path(), header, {{}, "[\"base\"]"}), Error);
  RunHeader other = header;
  other.seed += 1;
  EXPECT_THROW(AgreeOnPlan(dir.path(), other, first), Error);
  const RunProgress progress = ReadProgress(dir.path());
  EXPECT_EQ(progress.planned_waves, 2);
  EXPECT_EQ(progress.state, "at work");
}

// An owner that was only slow comes with a wave that another has stored, and after the result was joined.
TEST(Claims, AWaveIsStoredOnce) {
  const TempDir dir;
  const RunHeader header = testing::ExampleHeader();
  const Wave wave = testing::ExampleWave(header, 0, 4), rest = testing::ExampleWave(header, 4, 2);
  using Existing = ResultWriter::Existing;
  ResultWriter quick(dir.path(), header, Existing::kShare), slow(dir.path(), header, Existing::kShare);
  EXPECT_TRUE(quick.Commit(wave));
  const std::string stored = ReadFile(quick.SegmentPath("00000000"));
  EXPECT_FALSE(slow.Commit(wave));
  EXPECT_EQ(ReadFile(quick.SegmentPath("00000000")), stored);
  EXPECT_TRUE(slow.Commit(rest));
  ResultWriter later(dir.path(), header, Existing::kShare);
  quick.TakeUpAll();
  EXPECT_EQ(quick.CommittedSamples().size(), 6u);
  quick.Finish();
  EXPECT_FALSE(quick.IsJoinedByAnother());
  EXPECT_TRUE(later.IsJoinedByAnother());
  EXPECT_FALSE(slow.Commit(testing::ExampleWave(header, 6, 1)));
  const std::vector<fs::path> files = ResultFiles(dir.path());
  EXPECT_EQ(files.size(), 1u);
  const ResultReader result = ResultReader::Open(dir.path());
  EXPECT_EQ(result.samples().size(), 6u);
  EXPECT_EQ(result.waves()[0].process.host, ThisProcess().host);
  EXPECT_EQ(result.waves()[1].process.pid, getpid());
}

}  // namespace
}  // namespace skipbench
