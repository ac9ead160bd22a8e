// What started this process, and which of how many it is: SLURM, Open MPI, MPICH and its kin, PALS, torchrun.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace skipbench {

struct Launcher {
  std::string name = {};   // "SLURM", "SLURM array", "Open MPI", "MPI (PMI)", "PALS", "torchrun"
  int64_t rank = 0;        // from 0, over all nodes; in an array over all of its tasks
  int64_t size = 1;        // how many there are
  int64_t local_rank = 0;  // on this node
  int64_t local_size = 0;  // on this node; 0: the launcher does not say
  std::string job = {};    // what the scheduler calls the job; "": there is none
};

// Value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> ProcessEnvironment(const char* name);

// Nothing where no launcher is found. Error naming the variable that holds no number, or a rank beyond its size.
std::optional<Launcher> FindLauncher(const Environment& environment = ProcessEnvironment);

// The scheduler's name for the job this process belongs to, launched or not: "1234", "1234_5" of an array; "": none.
std::string JobId(const Environment& environment = ProcessEnvironment);

// Who a process is, as results and other processes see it.
struct ProcessName {
  std::string host = {};  // as the machine calls itself
  int64_t pid = 0;
  int64_t rank = -1;     // of its launcher; -1: none
  std::string job = {};  // of its scheduler; "": none
};
ProcessName ThisProcess();

// What makes a pid unique: the boot of the machine and the space of process numbers ("" where the system does not say),
// and when a process started, in ticks since then; nothing where there is no such process.
std::string ProcessSpace();
std::optional<int64_t> StartOf(int64_t pid);

// Processors that the process may run on, and those of the machine.
int ProcessorsAllowed();
int ProcessorsOnline();

// What somebody should know who bound the process to one of many processors without meaning to; "": nothing.
std::string NoteOnBinding(const Launcher& launcher, int allowed, int online);

}  // namespace skipbench
