// Work on files that a C library cannot be trusted with, done in a process of its own: what ends, hangs or exhausts it
// is an Error here. Parent and child speak in messages of plain bytes; nothing else comes back.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace skipbench {

struct ChildLimits {
  int cpu_seconds = 20;                       // of processor time, without a message from the child
  int silent_seconds = 300;                   // of any time, without a message from the child
  uint64_t memory_bytes = uint64_t{2} << 30;  // that the child may take beyond what it starts with
};

// One end of the connection.
class Channel {
 public:
  static constexpr uint32_t kMaxMessage = uint32_t{1} << 28;

  void Send(std::string_view message);
  // Nothing: the other end is closed.
  std::optional<std::string> Receive();

 private:
  friend class ChildProcess;
  int socket_ = -1;
  int cpu_seconds_ = 0;  // in the child: renewed by each message sent or received
};

class ChildProcess {
 public:
  // Forks; the child runs `work` with no file open but the three standard ones, and ends. An Error in `work` arrives
  // here as one. `what` begins the messages of errors: the file that the child is to read.
  ChildProcess(std::string what, const ChildLimits& limits, const std::function<void(Channel&)>& work);
  ~ChildProcess();  // ends the child
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Error when the child has ended.
  void Send(std::string_view message);
  // The child's next message; nothing when its work is done. Error when `work` ended with one, or the child in any
  // other way: names the signal, or the limit.
  std::optional<std::string> Receive();

 private:
  [[noreturn]] void RunChild(int socket, uint64_t memory, const std::function<void(Channel&)>& work);
  [[noreturn]] void FailEnded();
  void End();

  std::string what_;
  ChildLimits limits_;
  Channel channel_;
  pid_t pid_ = -1;
};

// For `work`: no file can be opened from here on.
void ForbidOpeningFiles();

}  // namespace skipbench
