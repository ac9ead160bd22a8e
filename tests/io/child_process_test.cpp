#include "harness/io/files/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::TempDir;

TEST(ChildProcess, SpeaksInMessages) {
  ChildProcess child("a.h5", {}, [](Channel& channel) {
    while (const auto request = channel.Receive()) {
      if (request->empty()) return;
      channel.Send("<" + *request + ">");
      channel.Send(std::string(100000, 'x'));
    }
  });
  for (const char* word : {"one", "two"}) {
    child.Send(word);
    EXPECT_EQ(child.Receive(), std::string("<") + word + ">");
    EXPECT_EQ(child.Receive()->size(), 100000u);
  }
  child.Send("");
  EXPECT_FALSE(child.Receive());
  EXPECT_FALSE(child.Receive());
  EXPECT_ERROR(child.Send("more"), "a.h5: the process that read it has ended");
}

TEST(ChildProcess, ItsErrorsArriveHere) {
  ChildProcess child("a.h5", {}, [](Channel& channel) {
    channel.Send("something");
    Fail("b.h5: is not what was expected");
  });
  EXPECT_EQ(child.Receive(), "something");
  EXPECT_ERROR(child.Receive(), "b.h5: is not what was expected");
}

TEST(ChildProcess, WhateverEndsItIsAnErrorHere) {
  const auto run = [](const ChildLimits& limits, const std::function<void(Channel&)>& work) {
    ChildProcess child("a.h5", limits, work);
    while (child.Receive()) continue;
  };
  EXPECT_ERROR(run({}, [](Channel&) { raise(SIGSEGV); }), "a.h5: damaged: the process that read it ended with SIGSEGV");
  EXPECT_ERROR(run({}, [](Channel&) { raise(SIGBUS); }), "SIGBUS");
  EXPECT_ERROR(run({}, [](Channel&) { abort(); }), "ended with a signal (Aborted)");
  EXPECT_ERROR(run({}, [](Channel&) { _exit(7); }), "exit code 7");
  EXPECT_ERROR(run({.silent_seconds = 1}, [](Channel&) { std::this_thread::sleep_for(std::chrono::seconds(20)); }),
               "nothing for 1 s");
}

TEST(ChildProcess, EndlessWorkIsStopped) {
  ChildProcess child("a.h5", {.cpu_seconds = 1}, [](Channel& channel) {
    channel.Send("working");
    for (volatile uint64_t i = 0;; i = i + 1) continue;
  });
  EXPECT_EQ(child.Receive(), "working");
  EXPECT_ERROR(child.Receive(), "takes more than 1 s of processor time");
}

#if !defined(__SANITIZE_ADDRESS__)  // its allocator reserves its memory elsewhere
TEST(ChildProcess, ItsMemoryIsLimited) {
  ChildProcess child("a.h5", {.memory_bytes = uint64_t{64} << 20}, [](Channel&) {
    std::vector<std::unique_ptr<char[]>> taken;
    for (int i = 0; i < 1000; ++i) taken.push_back(std::make_unique<char[]>(size_t{1} << 20));
  });
  EXPECT_ERROR(child.Receive(), "takes more than 64 MiB of memory");
}
#endif

TEST(ChildProcess, OpensAndHoldsNothingOfTheParents) {
  TempDir dir;
  const std::string path = dir / "lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  ChildProcess child("a.h5", {}, [&](Channel& channel) {
    channel.Send(fcntl(fd, F_GETFD) < 0 ? "closed" : "open");
    ForbidOpeningFiles();
    channel.Send(open(path.c_str(), O_RDONLY) < 0 ? "forbidden" : "allowed");
    channel.Receive();
  });
  EXPECT_EQ(child.Receive(), "closed");
  EXPECT_EQ(child.Receive(), "forbidden");
  close(fd);  // and with it the lock, though the child lives
  const int again = open(path.c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(flock(again, LOCK_EX | LOCK_NB), 0);
  close(again);
}

}  // namespace
}  // namespace skipbench
