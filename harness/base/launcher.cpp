#include "harness/base/launcher.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The variables of a launcher; the first of several that is set counts.
struct Variables {
  const char* name;
  std::vector<const char*> rank, size, local_rank, local_size;
};

// In this order: a program under mpirun in a batch job sees SLURM's variables too, which say nothing of its rank.
const std::vector<Variables>& Launchers() {
  static const std::vector<Variables> launchers = {
      {"Open MPI",
       {"OMPI_COMM_WORLD_RANK"},
       {"OMPI_COMM_WORLD_SIZE"},
       {"OMPI_COMM_WORLD_LOCAL_RANK"},
       {"OMPI_COMM_WORLD_LOCAL_SIZE"}},
      {"torchrun", {"RANK"}, {"WORLD_SIZE"}, {"LOCAL_RANK"}, {"LOCAL_WORLD_SIZE"}},
      // PALS gives the size to MPI programs only, as PMI_SIZE.
      {"PALS",
       {"PALS_RANKID"},
       {"PALS_SIZE", "PMI_SIZE"},
       {"PALS_LOCAL_RANKID", "PMI_LOCAL_RANK"},
       {"PALS_LOCAL_SIZE", "PMI_LOCAL_SIZE"}},
      {"MPI (PMI)",
       {"PMI_RANK", "PMIX_RANK"},
       {"PMI_SIZE"},
       {"MPI_LOCALRANKID", "PMI_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_RANK"},
       {"MPI_LOCALNRANKS", "PMI_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE"}},
      {"SLURM", {"SLURM_PROCID"}, {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"}, {"SLURM_LOCALID"}, {}},
  };
  return launchers;
}

std::optional<int64_t> Number(const Environment& environment, const char* name) {
  const auto text = environment(name);
  if (!text || text->empty()) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0)
    Fail("{}: expected a number from 0 on in the environment, found \"{}\"", name, *text);
  return value;
}

std::optional<int64_t> FirstOf(const Environment& environment, const std::vector<const char*>& names) {
  for (const char* name : names)
    if (const auto value = Number(environment, name)) return value;
  return std::nullopt;
}

// "2(x3),1" says how many tasks each node has; only where all have the same it is known here.
int64_t TasksOfEachNode(const Environment& environment) {
  const std::string text = environment("SLURM_STEP_TASKS_PER_NODE").value_or("");
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool all = text.find(',') == std::string::npos && (end == text.data() + text.size() || *end == '(');
  return error == std::errc() && all ? value : 0;
}

std::optional<Launcher> FromVariables(const Environment& environment) {
  for (const auto& variables : Launchers()) {
    const auto rank = FirstOf(environment, variables.rank), size = FirstOf(environment, variables.size);
    if (!rank || !size) continue;
    if (*rank >= *size)
      Fail("{}: {} in the environment is no rank of {} processes ({})", variables.rank[0], *rank, *size,
           variables.name);
    Launcher launcher{.name = variables.name, .rank = *rank, .size = *size};
    launcher.local_rank = FirstOf(environment, variables.local_rank).value_or(0);
    launcher.local_size = FirstOf(environment, variables.local_size).value_or(0);
    if (launcher.name == "SLURM") launcher.local_size = TasksOfEachNode(environment);
    return launcher;
  }
  return std::nullopt;
}

// The task of an array that this is: its place among all of them, and how many there are.
std::optional<std::pair<int64_t, int64_t>> ArrayTask(const Environment& environment) {
  const auto id = Number(environment, "SLURM_ARRAY_TASK_ID"), count = Number(environment, "SLURM_ARRAY_TASK_COUNT");
  if (!id || !count) return std::nullopt;
  const int64_t first = Number(environment, "SLURM_ARRAY_TASK_MIN").value_or(0);
  const int64_t step = std::max<int64_t>(1, Number(environment, "SLURM_ARRAY_TASK_STEP").value_or(1));
  const int64_t place = (*id - first) / step;
  // --array=1,5,6 has no step: its tasks have no places that one could know.
  return std::pair(place >= 0 && place < *count ? place : *id, *count);
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string JobId(const Environment& environment) {
  const auto array = environment("SLURM_ARRAY_JOB_ID"), task = environment("SLURM_ARRAY_TASK_ID");
  if (array && task) return *array + "_" + *task;
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"})
    if (auto job = environment(name); job && !job->empty()) return *job;
  return "";
}

std::optional<Launcher> FindLauncher(const Environment& environment) {
  auto launcher = FromVariables(environment);
  if (const auto task = ArrayTask(environment)) {
    if (!launcher) launcher = Launcher{};
    launcher->name = launcher->size > 1 ? launcher->name + " in an array" : "SLURM array";
    launcher->rank += task->first * launcher->size;
    launcher->size *= task->second;
  }
  if (launcher) launcher->job = JobId(environment);
  return launcher;
}

std::string ProcessSpace() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, boot);
  std::array<char, 128> space{};
  const ssize_t length = readlink("/proc/self/ns/pid", space.data(), space.size() - 1);
  if (boot.empty() || length <= 0) return "";
  return boot + " " + std::string(space.data(), static_cast<size_t>(length));
}

std::optional<int64_t> StartOf(int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::stringstream text;
  text << file.rdbuf();
  // The second field is the program's name in parentheses, which may hold anything; the 22nd is the start.
  const std::string all = text.str();
  const size_t name = all.rfind(')');
  if (name == std::string::npos) return std::nullopt;
  std::istringstream fields(all.substr(name + 1));
  std::string field;
  for (int k = 3; k <= 22 && fields >> field; ++k) {
    if (k == 3 && (field == "Z" || field == "X")) return std::nullopt;  // dead, and not waited for yet
    if (k < 22) continue;
    int64_t start = 0;
    std::from_chars(field.data(), field.data() + field.size(), start);
    return start;
  }
  return std::nullopt;
}

ProcessName ThisProcess() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  ProcessName name{.host = host.data(), .pid = getpid(), .job = JobId()};
  if (const auto launcher = FindLauncher()) name.rank = launcher->rank;
  return name;
}

int ProcessorsAllowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // A machine with more processors than the set has places says so by an error.
  if (sched_getaffinity(0, sizeof set, &set) != 0) return ProcessorsOnline();
  return CPU_COUNT(&set);
}

int ProcessorsOnline() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

std::string NoteOnBinding(const Launcher& launcher, int allowed, int online) {
  if (allowed > 1 || online <= 1) return "";
  const char* remedy = launcher.name.starts_with("Open MPI") ? "mpirun --bind-to none gives it all of them"
                       : launcher.name.starts_with("SLURM")  ? "--cpus-per-task gives it more"
                       : launcher.name.starts_with("PALS")   ? "mpiexec --cpu-bind none gives it all of them"
                                                             : "the launcher's options for binding give it more";
  return fmt::format("this process (rank {} of {}) is bound to one of the machine's {} processors: {}", launcher.rank,
                     launcher.size, online, remedy);
}

}  // namespace skipbench
