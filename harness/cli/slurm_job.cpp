#include "harness/cli/slurm_job.h"

#include <fmt/format.h>

#include <regex>

#include "harness/base/error.h"
#include "harness/cli/stopping.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

// A line "#SBATCH --name=value"; sbatch reads it with a shell's quotation marks.
std::string Directive(const std::string& option) {
  const size_t equals = option.find('=');
  if (equals == std::string::npos) return "#SBATCH " + option + "\n";
  return "#SBATCH " + option.substr(0, equals + 1) + ShellLine({option.substr(equals + 1)}) + "\n";
}

// `pattern` in the folder of scripts and logs; a % of the folder itself stands for itself.
std::string Log(const SlurmJob& job, const std::string& pattern) {
  return std::regex_replace((job.out / "slurm" / "").string(), std::regex("%"), "%%") + pattern;
}

std::string Head(const SlurmJob& job, const std::string& name, const std::string& time, const std::string& partition) {
  std::string text = Directive("--job-name=" + name) + Directive("--time=" + time);
  if (!partition.empty()) text += Directive("--partition=" + partition);
  for (const auto& directive : job.directives) text += Directive(directive);
  return text;
}

std::string Setup(const SlurmJob& job) {
  if (job.setup.empty()) return "";
  std::string text = "\nset -e\n";
  for (const auto& line : job.setup) text += line + "\n";
  return text + "set +e\n";
}

std::vector<std::string> Srun(const SlurmJob& job, int tasks, int gpus) {
  // Of these srun takes over from the job, by version, not all. A task that ends, be it by an error, ends no other one,
  // at once or after the cluster's WaitTime.
  std::vector<std::string> words = {"srun", fmt::format("--ntasks={}", tasks),
                                    fmt::format("--cpus-per-task={}", job.cpus_per_task), "--kill-on-bad-exit=0",
                                    "--wait=0"};
  if (gpus > 0) words.push_back(fmt::format("--gpus-per-task={}", gpus));
  words.insert(words.end(), job.srun.begin(), job.srun.end());
  words.insert(words.end(), job.launcher.begin(), job.launcher.end());
  words.push_back(job.program);
  return words;
}

// Runs `command` and ends as it does, or queues the job again.
constexpr const char* kRunBody = R"sh(
export OMP_NUM_THREADS="$cpus"

# Waves that are stored, by whomever: how far the run is.
stored() { find "$out" -name '*.h5' 2>/dev/null | wc -l; }

# srun hands SIGUSR1 on to the program; sent SIGTERM, it would have it killed at once.
child="" asked=""
ask() {
  asked="$1" interrupted=yes
  [[ -z "$child" ]] || kill -s USR1 "$child" 2>/dev/null
}
trap 'ask USR1' USR1  # by SLURM, before the time limit
trap 'ask TERM' TERM  # scancel; of preemption only the program is told

before="$(stored)"
"${command[@]}" &
child=$!
[[ -z "$asked" ]] || ask "$asked"
while
  interrupted=""
  wait "$child"
  status=$?
  [[ -n "$interrupted" ]]
do :; done

# The last task of an array to start has the array's own number as SLURM_JOB_ID, which stands for all tasks.
job="${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}"
job="${job:-$SLURM_JOB_ID}"

queue_again() {
  idle=0 record="$out/slurm/idle-${SLURM_ARRAY_TASK_ID:-all}"
  [[ "$(stored)" != "$before" ]] || idle=$(($(cat "$record" 2>/dev/null || echo 0) + 1))
  echo "$idle" > "$record"
  if ((idle >= idle_starts)); then
    rm -f "$record"
    echo "skipbench submit: $idle starts in a row were stopped and stored no wave: not queued again." \
      "Submit with a longer --time, or with a smaller wave_size." >&2
    exit 1
  fi
  echo "skipbench submit: stopped by SIG${asked:-TERM}; queued again" >&2
  asked=""
  if scontrol requeue "$job"; then
    for ((i = 0; i < 600; ++i)); do [[ -n "$asked" ]] || sleep 1; done  # until SLURM ends this script
  else
    echo "skipbench submit: SLURM did not queue the job again; go on with: sbatch $script" >&2
  fi
}

# 75: stopped, to be resumed; 138 and 143: so early that the program did not yet take signals. By the time limit, or by
# preemption with a time of grace: for SLURM a job that ends within it is done. What scancel ends is no more RUNNING.
if ((status == 75 || status == 138 || status == 143)); then
  state="$(squeue --noheader --jobs="$job" --format=%T)"
  [[ "${state:-$asked}" != RUNNING && "${state:-$asked}" != USR1 ]] || queue_again
fi
exit "$status"
)sh";

}  // namespace

int64_t ParseSlurmTime(const std::string& text, const std::string& what) {
  static const std::regex form(R"((?:(\d{1,5})-)?(\d{1,7})(?::(\d{1,2}))?(?::(\d{1,2}))?)");
  std::smatch match;
  if (!std::regex_match(text, match, form))
    Fail(
        "{}: expected minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes or "
        "days-hours:minutes:seconds, found \"{}\"",
        what, text);
  const auto number = [&](int i) { return match[i].matched ? std::stoll(match[i]) : 0; };
  const bool days = match[1].matched, second = match[3].matched, third = match[4].matched;
  for (int i = 3; i <= 4; ++i)
    if (number(i) > 59) Fail("{}: expected 0 to 59 after a colon, found {} in \"{}\"", what, number(i), text);
  int64_t seconds = number(1) * 86400;
  if (days || third)
    seconds += number(2) * 3600 + number(3) * 60 + number(4);
  else
    seconds += number(2) * 60 + (second ? number(3) : 0);
  if (seconds == 0) Fail("{}: expected a time above 0, found \"{}\"", what, text);
  return seconds;
}

std::string ShardFolder(const SlurmJob& job, int index) {
  return (job.out / fmt::format("shard-{}-of-{}", index, job.tasks)).string();
}

fs::path RunScriptPath(const SlurmJob& job) { return job.out / "slurm" / "run.sh"; }
fs::path MergeScriptPath(const SlurmJob& job) { return job.out / "slurm" / "merge.sh"; }

std::string RunScript(const SlurmJob& job) {
  std::string text = fmt::format(
      "#!/bin/bash\n# {} {}, by skipbench submit. To go on with what is not done: sbatch this file.\n", job.tasks,
      job.together     ? "processes of one job"
      : job.tasks == 1 ? "task"
                       : "tasks");
  text += Head(job, "skipbench-" + job.name, job.time, job.partition);
  if (job.together)
    text += Directive(fmt::format("--ntasks={}", job.tasks));
  else
    text += Directive(fmt::format("--array=0-{}{}", job.tasks - 1,
                                  job.max_running > 0 ? fmt::format("%{}", job.max_running) : "")) +
            Directive("--ntasks=1");
  text += Directive(fmt::format("--cpus-per-task={}", job.cpus_per_task));
  if (job.gpus_per_task > 0) text += Directive(fmt::format("--gpus-per-task={}", job.gpus_per_task));
  text += Directive(fmt::format("--signal=B:USR1@{}", job.signal_before_s));
  text += Directive("--requeue") + Directive("--open-mode=append");
  text += Directive("--output=" + Log(job, job.together ? "%j.log" : "%A_%a.log"));
  text += Setup(job);
  text += fmt::format("\nout={}\nscript={}\ncpus={} idle_starts={}\n", ShellLine({job.out.string()}),
                      ShellLine({RunScriptPath(job).string()}), job.cpus_per_task, job.idle_starts);
  std::vector<std::string> words = Srun(job, job.together ? job.tasks : 1, job.gpus_per_task);
  words.push_back("run");
  words.insert(words.end(), job.run.begin(), job.run.end());
  words.insert(words.end(), {"--quiet", "--resume", "--grace", job.grace});
  text += "command=(" + ShellLine(words);
  if (job.fixed_shards)
    text += R"sh( \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --out "$out/shard-$SLURM_ARRAY_TASK_ID-of-$SLURM_ARRAY_TASK_COUNT")sh";
  else
    text += R"sh( --shard auto --out "$out")sh";
  return text + ")\n" + kRunBody;
}

std::string MergeScript(const SlurmJob& job) {
  std::string text = fmt::format("#!/bin/bash\n# After {}: by skipbench submit.\n", RunScriptPath(job).string());
  text += Head(job, "skipbench-" + job.name + "-merge", job.merge_time, job.merge_partition);
  text += Directive("--ntasks=1") + Directive(fmt::format("--cpus-per-task={}", job.cpus_per_task));
  text += Directive("--requeue") + Directive("--open-mode=append");
  text += Directive("--output=" + Log(job, "merge-%j.log"));
  text += Setup(job);
  text += fmt::format("\nexport OMP_NUM_THREADS={}\n", job.cpus_per_task);
  std::vector<std::string> words = Srun(job, 1, 0);
  words.push_back("merge");
  if (job.fixed_shards)
    for (int i = 0; i < job.tasks; ++i) words.push_back(ShardFolder(job, i));
  else
    words.push_back(job.out.string());
  words.insert(words.end(), {"--complete", "--out", job.out.string()});
  text += ShellLine(words) + " && exit\n";
  return text +
         fmt::format(
             "status=$?\necho 'skipbench submit: to go on with what is missing, and to join it then, submit again '\\\n"
             "  {} {} >&2\nexit $status\n",
             ShellLine({RunScriptPath(job).string()}), ShellLine({MergeScriptPath(job).string()}));
}

}  // namespace skipbench::cli
