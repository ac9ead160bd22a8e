// The batch scripts that `skipbench submit` hands to SLURM. Their lines hold for SLURM 20.11 and newer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace skipbench::cli {

// One run, spread over tasks.
struct SlurmJob {
  std::string name;                   // of the experiment
  std::filesystem::path out;          // results folder, absolute; scripts and logs go into its folder slurm
  std::vector<std::string> launcher;  // words between srun's own options and `program`: of a container
  std::vector<std::string> srun;      // further options of srun
  std::string program;                // skipbench
  std::vector<std::string> run;       // what follows "run": the config, --set, ...; no --out, --shard or --grace
  int tasks = 1;
  bool together = false;      // one job of all tasks; else an array
  bool fixed_shards = false;  // every task its own part and folder; else tasks claim waves
  int gpus_per_task = 0, cpus_per_task = 1;
  int max_running = 0;                  // tasks of an array at a time; 0: all
  std::string time;                     // limit, as SLURM writes it
  int signal_before_s = 120;            // before the limit
  std::string grace;                    // of `run`
  int idle_starts = 3;                  // so many in a row that store nothing, and the job is not queued again
  std::vector<std::string> directives;  // further lines for both jobs, "--account=physics"
  std::string partition, merge_partition, merge_time;
  std::vector<std::string> setup;  // lines of the shell before the program
};

// Seconds of "90", "1:30:00", "2-12", "2-12:30:00" and the like, in which a lone number is minutes. Error, which begins
// with `what`, for anything else.
int64_t ParseSlurmTime(const std::string& text, const std::string& what);

// The tasks: they run, pass signals on, and queue themselves again where the time limit ended them.
std::string RunScript(const SlurmJob& job);
// What joins the parts, or looks whether all is there.
std::string MergeScript(const SlurmJob& job);

// Of --fixed-shards: the folder of a task's part.
std::string ShardFolder(const SlurmJob& job, int index);

// Where the two are stored.
std::filesystem::path RunScriptPath(const SlurmJob& job);
std::filesystem::path MergeScriptPath(const SlurmJob& job);

}  // namespace skipbench::cli
