#include "harness/io/files/child_process.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>
#include <utility>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The first byte of what is sent; the message's length follows, and the message.
constexpr char kMessage = 'M', kError = 'E', kDone = 'D';

bool SendAll(int socket, const void* data, size_t size) {
  for (auto* from = static_cast<const char*>(data); size > 0;) {
    const ssize_t done = send(socket, from, size, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    from += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool SendTagged(int socket, char tag, std::string_view message) {
  const auto length = static_cast<uint32_t>(message.size());
  return SendAll(socket, &tag, 1) && SendAll(socket, &length, sizeof length) &&
         SendAll(socket, message.data(), message.size());
}

// False where the other end is closed (errno 0) or, with errno EAGAIN, has been silent for too long.
bool ReceiveAll(int socket, void* data, size_t size) {
  for (auto* to = static_cast<char*>(data); size > 0;) {
    const ssize_t done = recv(socket, to, size, 0);
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) errno = 0;
    if (done <= 0) return false;
    to += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool ReceiveTagged(int socket, char* tag, std::string* message) {
  uint32_t length = 0;
  if (!ReceiveAll(socket, tag, 1) || !ReceiveAll(socket, &length, sizeof length)) return false;
  if (length > Channel::kMaxMessage) return errno = 0, false;
  message->resize(length);
  return ReceiveAll(socket, message->data(), length);
}

// Bytes of private memory that this process has now.
uint64_t MemoryNow() {
  std::ifstream status("/proc/self/statm");  // pages: in all, resident, shared, code, libraries, data and stack
  uint64_t pages = 0;
  for (int i = 0; i < 6; ++i) status >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
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

}  // namespace

void Channel::Send(std::string_view message) {
  if (message.size() > kMaxMessage)
    Fail("a message of {} bytes; at most {} are sent at once", message.size(), kMaxMessage);
  if (!SendTagged(socket_, kMessage, message)) _exit(0);  // the parent is gone
  LimitProcessorTime(cpu_seconds_);
}

std::optional<std::string> Channel::Receive() {
  char tag = 0;
  std::string message;
  if (!ReceiveTagged(socket_, &tag, &message)) return std::nullopt;
  LimitProcessorTime(cpu_seconds_);
  return message;
}

ChildProcess::ChildProcess(std::string what, const ChildLimits& limits, const std::function<void(Channel&)>& work)
    : what_(std::move(what)), limits_(limits) {
  int ends[2];
  const uint64_t memory = MemoryNow();
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 && (pid_ = fork()) < 0) {
    const int cause = errno;
    for (const int end : ends) close(end);
    errno = cause;
  }
  if (pid_ == 0) RunChild(ends[1], memory, work);
  if (pid_ < 0) Fail("{}: no process to read it can be started: {}", what_, std::strerror(errno));
  close(ends[1]);
  channel_.socket_ = ends[0];
  const timeval silent{limits.silent_seconds, 0};
  setsockopt(channel_.socket_, SOL_SOCKET, SO_RCVTIMEO, &silent, sizeof silent);
}

// It ends here whatever happens: no destructor of the parent's objects runs twice.
void ChildProcess::RunChild(int socket, uint64_t memory, const std::function<void(Channel&)>& work) {
  try {
    ResetSignals();
    // Nothing else of the parent's stays open here, its locks included.
    channel_.socket_ = socket;
    if (socket > 3) close_range(3, static_cast<unsigned>(socket) - 1, 0);
    close_range(static_cast<unsigned>(socket) + 1, ~0u, 0);
    Limit(RLIMIT_CORE, 0);
    Limit(RLIMIT_DATA, memory + limits_.memory_bytes);
    channel_.cpu_seconds_ = limits_.cpu_seconds;
    LimitProcessorTime(limits_.cpu_seconds);
    work(channel_);
    SendTagged(socket, kDone, "");
  } catch (const std::bad_alloc&) {
    SendTagged(socket, kError,
               fmt::format("{}: reading it takes more than {} MiB of memory: it is damaged, or made to do so", what_,
                           limits_.memory_bytes >> 20));
  } catch (const std::exception& error) {
    SendTagged(socket, kError, error.what());
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

ChildProcess::~ChildProcess() { End(); }

void ChildProcess::End() {
  if (channel_.socket_ >= 0) close(std::exchange(channel_.socket_, -1));
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
  if (!SendTagged(channel_.socket_, kMessage, message)) FailEnded();
}

std::optional<std::string> ChildProcess::Receive() {
  if (pid_ < 0) return {};
  char tag = 0;
  std::string message;
  if (!ReceiveTagged(channel_.socket_, &tag, &message)) {
    if (errno != EAGAIN) FailEnded();
    End();
    Fail("{}: the process that reads it has said nothing for {} s", what_, limits_.silent_seconds);
  }
  if (tag == kMessage) return message;
  End();
  if (tag == kError) throw Error(message);
  return {};
}

void ForbidOpeningFiles() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
}

}  // namespace skipbench
