#include "harness/io/files/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The first byte of what the child sends.
constexpr char kMessage = 'M', kError = 'E', kDone = 'D';

bool WriteAll(int fd, const char* from, size_t size) {
  while (size > 0) {
    const ssize_t done = write(fd, from, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    from += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

enum class Got { kAll, kEnd, kSilence };

Got ReadAll(int fd, char* to, size_t size, int silent_seconds) {
  while (size > 0) {
    pollfd one{fd, POLLIN, 0};
    const int ready = poll(&one, 1, silent_seconds > 0 ? silent_seconds * 1000 : -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return Got::kSilence;
    const ssize_t done = read(fd, to, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return Got::kEnd;
    to += done;
    size -= static_cast<size_t>(done);
  }
  return Got::kAll;
}

// Bytes of private memory that this process has now.
uint64_t MemoryNow() {
  uint64_t kilobytes = 0;
  if (FILE* status = std::fopen("/proc/self/status", "re")) {
    char line[256];
    while (std::fgets(line, sizeof line, status))
      if (unsigned long long value = 0; std::sscanf(line, "VmData: %llu", &value) == 1) kilobytes = value;
    std::fclose(status);
  }
  return kilobytes << 10;
}

void Limit(decltype(RLIMIT_CPU) resource, uint64_t value) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? value : std::min<rlim_t>(value, limit.rlim_max);
  setrlimit(resource, &limit);
}

// `seconds` more from now on.
void LimitProcessorTime(int seconds) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  Limit(RLIMIT_CPU, static_cast<uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec + seconds + 1));
}

// A signal handler of the parent's (a sanitizer's, a test's) is none of the child's business.
void ResetSignals() {
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGPIPE, SIGTERM, SIGINT})
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void SendTagged(int fd, char tag, std::string_view message) {
  const uint32_t length = static_cast<uint32_t>(message.size());
  char head[5] = {tag};
  std::memcpy(head + 1, &length, sizeof length);
  if (!WriteAll(fd, head, sizeof head) || !WriteAll(fd, message.data(), message.size()))
    _exit(0);  // the parent is gone
}

}  // namespace

void Channel::Send(std::string_view message) {
  if (message.size() > kMaxMessage)
    Fail("a message of {} bytes; at most {} are sent at once", message.size(), kMaxMessage);
  SendTagged(out_, kMessage, message);
  LimitProcessorTime(cpu_seconds_);
}

std::optional<std::string> Channel::Receive() {
  uint32_t length = 0;
  if (ReadAll(in_, reinterpret_cast<char*>(&length), sizeof length, 0) != Got::kAll || length > kMaxMessage) return {};
  LimitProcessorTime(cpu_seconds_);
  std::string message(length, '\0');
  if (ReadAll(in_, message.data(), length, 0) != Got::kAll) return {};
  return message;
}

ChildProcess::ChildProcess(std::string what, const ChildLimits& limits, const std::function<void(Channel&)>& work)
    : what_(std::move(what)), limits_(limits) {
  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0) Fail("{}: no process to read it can be started: {}", what_, std::strerror(errno));
  if (pipe2(up, O_CLOEXEC) != 0) {
    const int cause = errno;
    close(down[0]);
    close(down[1]);
    Fail("{}: no process to read it can be started: {}", what_, std::strerror(cause));
  }
  const uint64_t memory = MemoryNow();
  pid_ = fork();
  if (pid_ < 0) {
    const int cause = errno;
    for (const int fd : {down[0], down[1], up[0], up[1]}) close(fd);
    Fail("{}: no process to read it can be started: {}", what_, std::strerror(cause));
  }
  if (pid_ > 0) {
    close(down[0]);
    close(up[1]);
    channel_.in_ = up[0];
    channel_.out_ = down[1];
    return;
  }
  // The child. It ends here whatever happens: no destructor of the parent's objects runs twice.
  try {
    ResetSignals();
    // Nothing else of the parent's stays open here, its locks included.
    channel_.in_ = down[0];
    channel_.out_ = up[1];
    const unsigned low = static_cast<unsigned>(std::min(down[0], up[1])),
                   high = static_cast<unsigned>(std::max(down[0], up[1]));
    if (low > 3) close_range(3, low - 1, 0);
    if (high > low + 1) close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
    Limit(RLIMIT_CORE, 0);
    Limit(RLIMIT_DATA, memory + limits.memory_bytes);
    channel_.cpu_seconds_ = limits.cpu_seconds;
    LimitProcessorTime(limits.cpu_seconds);
    work(channel_);
    SendTagged(channel_.out_, kDone, "");
  } catch (const std::bad_alloc&) {
    SendTagged(channel_.out_, kError,
               fmt::format("{}: reading it takes more than {} MiB of memory: it is damaged, or made to do so", what_,
                           limits.memory_bytes >> 20));
  } catch (const std::exception& error) {
    SendTagged(channel_.out_, kError, error.what());
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

ChildProcess::~ChildProcess() { End(); }

void ChildProcess::End() {
  for (int* fd : {&channel_.in_, &channel_.out_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

void ChildProcess::FailEnded() {
  int status = 0;
  const pid_t pid = pid_;
  pid_ = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  End();
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
    Fail("{}: reading it takes more than {} s of processor time: it is damaged, or made to do so", what_,
         limits_.cpu_seconds);
  if (WIFSIGNALED(status))
    Fail("{}: damaged: the process that read it ended with {} ({})", what_,
         WTERMSIG(status) == SIGSEGV  ? "SIGSEGV"
         : WTERMSIG(status) == SIGBUS ? "SIGBUS"
                                      : "a signal",
         strsignal(WTERMSIG(status)));
  Fail("{}: damaged: the process that read it ended with exit code {}", what_, WEXITSTATUS(status));
}

void ChildProcess::Send(std::string_view message) {
  if (pid_ < 0) Fail("{}: the process that read it has ended", what_);
  // A child that has just ended must not end this process too (SIGPIPE); other threads keep their own masks.
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const uint32_t length = static_cast<uint32_t>(message.size());
  const bool sent = WriteAll(channel_.out_, reinterpret_cast<const char*>(&length), sizeof length) &&
                    WriteAll(channel_.out_, message.data(), message.size());
  if (!sent && errno == EPIPE) {
    const timespec now{0, 0};
    sigtimedwait(&pipe_signal, nullptr, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!sent) FailEnded();
}

std::optional<std::string> ChildProcess::Receive() {
  if (pid_ < 0) return {};
  char head[5];
  uint32_t length = 0;
  Got got = ReadAll(channel_.in_, head, sizeof head, limits_.silent_seconds);
  std::string message;
  if (got == Got::kAll) {
    std::memcpy(&length, head + 1, sizeof length);
    if (length > Channel::kMaxMessage || (received_ += length) > limits_.total_bytes) {
      End();
      Fail("{}: holds more than {} bytes of values: it is damaged, or made to do so", what_, limits_.total_bytes);
    }
    message.resize(length);
    got = ReadAll(channel_.in_, message.data(), length, limits_.silent_seconds);
  }
  if (got == Got::kSilence) {
    End();
    Fail("{}: the process that reads it has said nothing for {} s", what_, limits_.silent_seconds);
  }
  if (got == Got::kEnd) FailEnded();
  if (head[0] == kMessage) return message;
  End();
  if (head[0] == kError) throw Error(message);
  return {};
}

void ForbidOpeningFiles() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
}

}  // namespace skipbench
