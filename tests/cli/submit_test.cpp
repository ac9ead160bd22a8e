// `skipbench submit`: what it hands to SLURM, and what the batch script does with signals and exit codes. A SLURM of
// its own: tests/cluster.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ProcessResult;
using testing::ReadFile;
using testing::RunProcess;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

void WriteProgram(const fs::path& file, const std::string& text) {
  WriteFile(file, "#!/bin/bash\n" + text);
  fs::permissions(file, fs::perms::owner_all);
}

// A folder with a config, and bin: an sbatch that notes what it is called with, an srun that only runs its program, a
// squeue that prints the file `state`, and an scontrol that notes its words and ends what called it, as SLURM does.
class Submit : public ::testing::Test {
 protected:
  Submit() {
    WriteFile(dir_ / "my config.json", SmallConfig().dump());
    fs::create_directories(bin());
    WriteProgram(bin() / "sbatch",
                 fmt::format("echo \"$*\" >> '{0}'\necho $((40 + $(wc -l < '{0}')))\n", (dir_ / "sbatch").string()));
    WriteProgram(bin() / "squeue", fmt::format("cat '{}'\n", (dir_ / "state").string()));
    WriteProgram(bin() / "srun", "while [[ \"$1\" == --* ]]; do shift; done\nexec \"$@\"\n");
    WriteProgram(bin() / "scontrol",
                 fmt::format("echo \"$*\" >> '{}'\nkill -TERM $PPID\n", (dir_ / "scontrol").string()));
  }
  fs::path bin() const { return dir_ / "bin"; }
  std::string out() const { return (dir_ / "out").string(); }

  ProcessResult Call(std::vector<std::string> more, bool dry = true) {
    std::vector<std::string> args = {"env",    "PATH=" + bin().string() + ":/usr/bin:/bin", testing::SkipbenchPath(),
                                     "submit", (dir_ / "my config.json").string(),          "--out",
                                     out()};
    if (dry) args.emplace_back("--dry-run");
    args.insert(args.end(), more.begin(), more.end());
    return RunProcess(args);
  }

  // Submits one task with a program of the test's own; then runs its script `starts` times. Once the program has
  // touched `ready`, the script gets `signal` ("": none). Returns "status, lines of scontrol" of the last start.
  std::string RunScript(const std::string& program, const std::string& signal, int starts = 1) {
    WriteProgram(dir_ / "program", program);
    const auto submit = Call({"--tasks", "1", "--time", "10", "--program", (dir_ / "program").string()}, false);
    EXPECT_EQ(submit.exit_code, 0) << submit.err;
    fs::remove(dir_ / "scontrol");
    const std::string start = fmt::format(
        "cd '{0}'; export PATH='{0}/bin':/usr/bin:/bin SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=0; rm "
        "-f ready\n"
        "bash out/slurm/run.sh & script=$!\n"
        "if [[ -n '{1}' ]]; then until [[ -e ready ]]; do sleep 0.01; done; kill -s {1} $script; fi\n"
        "wait $script; echo $?; cat scontrol 2>/dev/null",
        dir_.path().string(), signal);
    for (int i = 0; i + 1 < starts; ++i) RunProcess({"bash", "-c", start});
    fs::remove(dir_ / "scontrol");
    last_ = RunProcess({"bash", "-c", start});
    return last_.out;
  }

  TempDir dir_;
  ProcessResult last_;
};

// Ends with `status` after it was sent USR1 or TERM.
std::string Ends(int status) {
  return fmt::format("trap 'exit {}' USR1 TERM\ntouch ready\nwhile :; do sleep 0.02; done\n", status);
}

TEST_F(Submit, PrintsWhatItWouldSubmit) {
  const auto run = Call({"--tasks", "16", "--gpus-per-task", "1", "--time", "4:00:00", "--partition", "gpu",
                         "--account", "physics", "--constraint", "a100|h100", "--sbatch=--mem-per-cpu=4G", "--setup",
                         "module load cuda", "--container", "image.sqsh", "--set", "seed=1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* line :
       {"#SBATCH --array=0-15\n", "#SBATCH --time=4:00:00\n", "#SBATCH --gpus-per-task=1\n",
        "#SBATCH --partition=gpu\n", "#SBATCH --account=physics\n", "#SBATCH --constraint='a100|h100'\n",
        "#SBATCH --mem-per-cpu=4G\n", "#SBATCH --signal=B:USR1@120\n", "#SBATCH --requeue\n", "\nmodule load cuda\n",
        "--container-image=image.sqsh",
        "/my config.json' --set seed=1 --quiet --resume --grace 60s --shard auto --out \"$out\")",
        "sbatch --parsable --dependency=afterany:JOB "})
    EXPECT_TRUE(Contains(run.out, line)) << line << "\n" << run.out;
  const auto other = Call({"--tasks", "4", "--time", "1-0", "--together", "--gpus-per-task", "1", "--container",
                           "x.sif", "--container-runtime", "apptainer", "--mount", "/data"});
  EXPECT_TRUE(Contains(other.out, "#SBATCH --ntasks=4\n")) << other.out;
  EXPECT_TRUE(Contains(other.out,
                       fmt::format("srun --ntasks=4 --cpus-per-task=1 --kill-on-bad-exit=0 --wait=0 --gpus-per-task=1 "
                                   "apptainer exec --nv --bind {0}/out --bind {0} --bind /data x.sif "
                                   "skipbench run '{0}/my config.json'",
                                   dir_.path().string())))
      << other.out;
  EXPECT_FALSE(fs::exists(out())) << "a dry run writes nothing";
}

TEST_F(Submit, SubmitsTheTasksAndWhatJoinsThem) {
  const std::vector<std::string> options = {"--tasks", "4", "--time", "1-0", "--fixed-shards", "--max-running", "2"};
  const auto dry = Call(options);
  const auto run = Call(options, false);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(
      ReadFile(dir_ / "sbatch"),
      fmt::format("--parsable {0}/slurm/run.sh\n--parsable --dependency=afterany:41 {0}/slurm/merge.sh\n", out()));
  for (const char* script : {"run.sh", "merge.sh"}) {
    const fs::path file = dir_ / "out/slurm" / script;
    EXPECT_TRUE(Contains(dry.out, ReadFile(file))) << script;
    EXPECT_EQ(RunProcess({"bash", "-n", file.string()}).exit_code, 0) << script;
  }
  EXPECT_TRUE(Contains(ReadFile(dir_ / "out/slurm/run.sh"), "--array=0-3%2\n"));
  EXPECT_TRUE(Contains(ReadFile(dir_ / "out/slurm/merge.sh"), "shard-3-of-4 --complete --out " + out()));
}

TEST_F(Submit, BadInputIsRefusedByName) {
  const auto expect = [&](std::vector<std::string> options, const std::string& text) {
    const auto run = Call(options);
    EXPECT_EQ(run.exit_code, 3) << run.out;
    EXPECT_TRUE(Contains(run.err, text)) << run.err;
  };
  expect({"--time", "10"}, "--tasks is missing");
  expect({"--tasks", "0", "--time", "10"}, "--tasks: expected 1 to 1000000, found 0");
  expect({"--tasks", "2", "--time", "4h"}, "--time: expected minutes, minutes:seconds, hours:minutes:seconds");
  expect({"--tasks", "2", "--time", "2"}, "at least a minute more than --signal-before (120 s)");
  expect({"--tasks", "2", "--time", "10", "--gpus-per-task", "2"}, "--gpus-per-task: expected 0 to 1, found 2");
  expect({"--tasks", "2", "--time", "10", "--sbatch", "mem=4G"}, "--sbatch: expected one option such as --mem=8G");
  expect({"--tasks", "2", "--time", "10", "--partition", "a\nb"}, "--partition: expected one line");
  expect({"--tasks", "2", "--time", "10", "--container", "i", "--container-runtime", "docker"}, "pyxis or apptainer");
  expect({"--tasks", "2", "--time", "10", "--together", "--fixed-shards"}, "exclude each other");
  expect({"--tasks", "2", "--time", "10", "--container-runtime", "apptainer"},
         "--container-runtime is for --container");
  expect({"--tasks", "2", "--time", "10", "--mount", "/data"}, "--mount is for --container");
  expect({"--tasks", "2", "--time", "10", "--container", "i", "--mount", "a,b"},
         "without comma and colon, found \"a,b\"");
  expect({"--tasks", "2", "--time", "10", "--container", "i", "--mount", "a:b"}, "--mount: expected FROM or FROM:/TO");
  // Each would take the place of what submit says itself, in the job that joins too.
  for (const char* option :
       {"--array=0-9", "-a0-9", "--time=5", "-t", "--ntasks=3", "--signal=B:TERM@9", "--no-requeue"})
    expect({"--tasks", "2", "--time", "10", fmt::format("--sbatch={}", option)}, "is said by submit itself");
  expect({"--tasks", "2", "--time", "10", "--srun=-n4"}, "--srun: -n is said by submit itself");
  expect({"--tasks", "2", "--time", "10", "--extend", "nowhere"}, "--extend: nowhere: no such file or folder");
  fs::remove(bin() / "sbatch");
  const auto run = RunProcess({"env", "PATH=" + bin().string(), testing::SkipbenchPath(), "submit",
                               (dir_ / "my config.json").string(), "--tasks", "2", "--time", "10", "--out", out()});
  EXPECT_TRUE(Contains(run.err, "sbatch was not found in PATH")) << run.err;
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(Submit, AnotherExperimentsFolderIsRefused) {
  const auto run = testing::Skipbench({"run", (dir_ / "my config.json").string(), "--out", out(), "--quiet"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<std::string> tasks = {"--tasks", "2", "--time", "10"};
  const auto with = [&](const std::string& set) { return Call({"--tasks", "2", "--time", "10", "--set", set}); };
  EXPECT_EQ(Call(tasks).exit_code, 0);
  EXPECT_EQ(with("batch_size=3").exit_code, 0) << "how it goes, not what it computes";
  const auto other = with("seed=99");
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_TRUE(Contains(other.err, out() + ": holds the result of another config: seed: ")) << other.err;
}

TEST_F(Submit, ContainersSeeWhatTheRunReads) {
  fs::create_directories(dir_ / "earlier");
  const auto run = Call({"--tasks", "2", "--time", "10", "--container", "x.sqsh", "--mount", "/data:/mnt", "--extend",
                         (dir_ / "earlier").string(), "--models", "/models:/more"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(Contains(run.out, fmt::format("--container-mounts={0}/out:{0}/out,{0}:{0},/models:/models,/more:/more,"
                                            "{0}/earlier:{0}/earlier,/data:/mnt",
                                            dir_.path().string())))
      << run.out;
}

TEST_F(Submit, TheScriptEndsAsItsProgram) {
  EXPECT_EQ(RunScript("exit 0\n", ""), "0\n");
  EXPECT_EQ(RunScript("exit 3\n", ""), "3\n");
}

TEST_F(Submit, TheTimeLimitQueuesItAgain) {
  WriteFile(dir_ / "state", "RUNNING\n");
  EXPECT_EQ(RunScript(Ends(75), "USR1"), "75\nrequeue 7_0\n");
  EXPECT_EQ(RunScript("touch ready\nexec sleep 30\n", "USR1"), "138\nrequeue 7_0\n") << "not yet ready for signals";
  EXPECT_EQ(RunScript(Ends(3), "USR1"), "3\n") << "an error is no reason to start again";
  EXPECT_EQ(RunScript(Ends(0), "USR1"), "0\n") << "done in time";
}

TEST_F(Submit, WhatIsPreemptedIsQueuedAgainAndWhatIsCancelledIsNot) {
  WriteFile(dir_ / "state", "RUNNING\n");
  EXPECT_EQ(RunScript("exit 75\n", ""), "75\nrequeue 7_0\n") << "SLURM tells the program alone";
  WriteFile(dir_ / "state", "COMPLETING\n");
  EXPECT_EQ(RunScript(Ends(75), "TERM"), "75\n");
}

TEST_F(Submit, StartsThatStoreNothingEnd) {
  WriteFile(dir_ / "state", "RUNNING\n");
  EXPECT_EQ(RunScript(Ends(75), "USR1", 2), "75\nrequeue 7_0\n");
  fs::remove_all(out());
  EXPECT_EQ(RunScript(Ends(75), "USR1", 3), "1\n");
  EXPECT_TRUE(Contains(last_.err, "3 starts in a row were stopped and stored no wave")) << last_.err;
  // Each start stores something.
  fs::remove_all(out());
  EXPECT_EQ(RunScript("mkdir -p out/segments; touch out/segments/$$.h5\n" + Ends(75), "USR1", 4), "75\nrequeue 7_0\n");
}

}  // namespace
}  // namespace skipbench
