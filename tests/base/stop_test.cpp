// harness/base/stop.h: what ends when a signal asks for it, and how soon. Each case is a process of its own.
#include "harness/base/stop.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "harness/base/error.h"

namespace skipbench {
namespace {

using ::testing::ExitedWithCode;

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

void Farewell(const std::string& signal, bool gives_up) {
  fmt::print(stderr, "{}, {}\n", signal, gives_up ? "gives up" : "nothing lost");
}

// Ends with 0 where nothing stops it, with 1 where the work is done and Stopped is thrown.
template <class Job>
void RunJob(double grace, Job&& job) {
  StopRequests stop(grace, Farewell);
  try {
    job(stop);
  } catch (const Stopped& stopped) {
    fmt::print(stderr, "thrown for {}\n", stopped.why);
    std::_Exit(1);
  }
  std::_Exit(0);
}

TEST(StopDeathTest, OutsideOfWorkItEndsAtOnce) {
  EXPECT_EXIT(RunJob(60, [](StopRequests&) { raise(SIGUSR1), Sleep(30); }), ExitedWithCode(kStoppedExit),
              "SIGUSR1, nothing lost");
}

TEST(StopDeathTest, WorkInFlightIsFinished) {
  EXPECT_EXIT(RunJob(60,
                     [](StopRequests& stop) {
                       stop.Enter(1);
                       raise(SIGTERM);
                       Sleep(0.2);
                       stop.Leave();
                     }),
              ExitedWithCode(1),
              "stopping after what is in flight, or after 1 min 00 s(.|\n)*SIGTERM, nothing lost\nthrown");
}

TEST(StopDeathTest, AtTheEndOfTheGraceItIsGivenUp) {
  EXPECT_EXIT(RunJob(0.2,
                     [](StopRequests& stop) {
                       stop.Enter(0);
                       raise(SIGHUP);
                       Sleep(30);
                     }),
              ExitedWithCode(kStoppedExit), "SIGHUP, gives up");
}

TEST(StopDeathTest, WhatWillTakeLongerIsGivenUpAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EXIT(RunJob(20,
                     [](StopRequests& stop) {
                       stop.Enter(1);
                       Sleep(0.5);
                       stop.Report(0.01);  // says nothing yet
                       raise(SIGTERM);
                       Sleep(0.3);
                       fmt::print(stderr, "still there\n");
                       Sleep(0.7);
                       stop.Report(0.06);  // some 23 s are left
                       Sleep(30);
                     }),
              ExitedWithCode(kStoppedExit), "still there\nSIGTERM, gives up");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15));
}

TEST(StopDeathTest, ASecondInterruptEndsIt) {
  EXPECT_EXIT(RunJob(60,
                     [](StopRequests& stop) {
                       stop.Enter(0);
                       raise(SIGINT);
                       raise(SIGINT);  // one, sent by two
                       Sleep(0.5);
                       fmt::print(stderr, "still there\n");
                       raise(SIGINT);
                       Sleep(30);
                     }),
              ExitedWithCode(kStoppedExit), "once more stops at once\nstill there\nSIGINT, gives up");
}

TEST(StopDeathTest, AJobThatIsAsGoodAsDoneEndsByItself) {
  EXPECT_EXIT(RunJob(0,
                     [](StopRequests& stop) {
                       stop.Finishing();
                       raise(SIGTERM);
                       Sleep(0.3);
                     }),
              ExitedWithCode(0), "");
}

TEST(StopDeathTest, WhatIsIgnoredStaysSo) {
  EXPECT_EXIT(RunJob(60,
                     [](StopRequests&) {
                       raise(SIGHUP);
                       Sleep(0.3);
                     }),
              ExitedWithCode(kStoppedExit), "SIGHUP");
  signal(SIGHUP, SIG_IGN);
  EXPECT_EXIT(RunJob(60,
                     [](StopRequests&) {
                       raise(SIGHUP);
                       Sleep(0.3);
                     }),
              ExitedWithCode(0), "");
  signal(SIGHUP, SIG_DFL);
}

TEST(WorkEstimate, FollowsFromThePaceAndFromTheWorkBefore) {
  WorkEstimate estimate;
  EXPECT_FALSE(estimate.Left(0));
  estimate.Begin(4, 10);
  EXPECT_FALSE(estimate.Left(11));  // nothing is known
  estimate.Report(0.5, 20);
  EXPECT_DOUBLE_EQ(*estimate.Left(20), 10);
  EXPECT_DOUBLE_EQ(*estimate.Left(24), 6);
  estimate.Report(1, 30);
  EXPECT_DOUBLE_EQ(*estimate.Left(30), 0);
  estimate.End(34);  // 24 s for 4, the last 4 of them after the countable part
  estimate.Begin(2, 40);
  EXPECT_DOUBLE_EQ(*estimate.Left(41), 11);
  estimate.Report(0.5, 50);
  EXPECT_DOUBLE_EQ(*estimate.Left(50), 12);
  EXPECT_DOUBLE_EQ(*estimate.Left(80), 0);
  estimate.Begin(0, 100);
  estimate.Report(0.5, 110);
  EXPECT_FALSE(estimate.Left(110));  // without units there is none
}

TEST(ParseDuration, TakesUnits) {
  EXPECT_DOUBLE_EQ(ParseDuration("60s", "x"), 60);
  EXPECT_DOUBLE_EQ(ParseDuration("90", "x"), 90);
  EXPECT_DOUBLE_EQ(ParseDuration("1.5m", "x"), 90);
  EXPECT_DOUBLE_EQ(ParseDuration("2h", "x"), 7200);
  EXPECT_DOUBLE_EQ(ParseDuration("500ms", "x"), 0.5);
  EXPECT_DOUBLE_EQ(ParseDuration("0", "x"), 0);
  for (const char* text : {"", "s", "-1s", "1 s", "5 minutes", "nan", "inf", "1e999", "60ss"})
    EXPECT_THROW(ParseDuration(text, "--grace"), Error) << text;
}

}  // namespace
}  // namespace skipbench
