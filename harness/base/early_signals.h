// Holds signals that ask to stop back until StopRequests takes them, for the program whose main file (only) includes
// this and whose first argument is one of kStoppableCommands: SIGUSR1, as batch systems send it, would kill the process
// while it is still being loaded.
#pragma once

#include <csignal>
#include <cstring>

namespace skipbench {

inline constexpr const char* kStoppableCommands[] = {"run", "tune"};

// Before constructors: neither the heap nor environ may be used yet.
inline void HoldSignals(int argc, char** argv, char**) {
  for (const char* command : kStoppableCommands) {
    if (argc < 2 || std::strcmp(argv[1], command) != 0) continue;
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGUSR1, SIGINT, SIGHUP}) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
  }
}

__attribute__((section(".preinit_array"), used)) static void (*const hold_signals)(int, char**, char**) = HoldSignals;

}  // namespace skipbench
