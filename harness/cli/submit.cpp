#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "harness/cli/commands.h"
#include "harness/cli/slurm_job.h"
#include "harness/cli/stopping.h"
#include "harness/experiment/config/config.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/common_difference.h"
#include "harness/store/result_reader.h"
#include "harness/store/source.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kUsage =
    "submit CONFIG --tasks N --time LIMIT [--out DIR] [--gpus-per-task N] [--cpus-per-task N] [--partition NAME] "
    "[--account NAME] [--qos NAME] [--constraint LIST] [--sbatch OPTION] [--setup LINE] [--container IMAGE] "
    "[--together] [--fixed-shards] [--dry-run]";

std::vector<Option> Options() {
  return {
      Input("the experiment's config"),
      Optional<int>("tasks", "processes that share the run"),
      Optional<std::string>("time",
                            "limit of each start: minutes, hours:minutes:seconds, days-hours, ... as SLURM has "
                            "it; what is not done then is queued again"),
      Optional<std::string>("out,o",
                            "results folder, seen by all nodes (default: results/local/NAME of the working "
                            "directory); scripts and logs go into its folder slurm"),
      Default<int>("gpus-per-task", 0, "GPUs of each process: 0 or 1"),
      Default<int>("cpus-per-task", 1, "processors of each process"),
      Optional<std::string>("partition", "as sbatch's option; so are the next three"),
      Optional<std::string>("account", ""),
      Optional<std::string>("qos", ""),
      Optional<std::string>("constraint", ""),
      Repeated(
          "sbatch",
          "an option of sbatch that is none of these, for both jobs: --sbatch=--mem-per-cpu=4G --sbatch=--exclusive"),
      Repeated("srun", "the same of srun"),
      Repeated("setup", "a line of the shell before the program, as it stands: \"module load cuda\""),
      Optional<std::string>("container", "image to run in; skipbench is then the image's own (see --program)"),
      Optional<std::string>("container-runtime", "pyxis (srun --container-image; the default) or apptainer")
          .Of({"pyxis", "apptainer"}),
      Repeated("mount",
               "FROM or FROM:TO, a folder that the container sees; DIR, CONFIG's folder and what --models and --extend "
               "name are seen in any case"),
      Optional<std::string>("program", "skipbench on the nodes (default: this one; in a container \"skipbench\")"),
      Flag("together", "one job of all tasks, which start at the same time; else an array"),
      Flag("fixed-shards",
           "each task runs its own part in its own folder, and the dependent job joins them; else tasks "
           "claim waves of one folder, one by one"),
      Default<int>("max-running", 0, "tasks of the array that run at a time; 0: as many as there is room for"),
      Default<int>("signal-before", 120, "seconds before the limit, at which the program is asked to stop"),
      Optional<std::string>("grace",
                            "of run: how long the wave in flight may take then (default: half of "
                            "--signal-before)"),
      Default<int>("idle-starts", 3, "so many starts in a row that store no wave, and a task is not queued again"),
      Default<std::string>("merge-time", "1:00:00", "limit of the job that joins"),
      Optional<std::string>("merge-partition", "its partition (default: as --partition)"),
      Repeated("set", "of run: PATH=VALUE[,VALUE...]"),
      Models(),
      Repeated("extend", "of run: an earlier result to take from"),
      Flag("allow-missing", "of run: leave out metrics whose weights are missing"),
      Flag("dry-run", "print the scripts and what would be called, and stop"),
  };
}

// What ends up in a line of a script must stay in that line.
std::string OneLine(const char* name, const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20)
      Fail("skipbench submit: --{}: expected one line, found a control character in \"{}\"", name, text);
  return text;
}

std::string DirectiveValue(const Values& values, const char* name) {
  const std::string text = OneLine(name, values.Text(name));
  if (values.Has(name) && text.empty()) Fail("skipbench submit: --{}: expected a value, found nothing", name);
  if (text.find_first_of("'\"\\") != std::string::npos)
    Fail("skipbench submit: --{}: expected no quotation mark and no backslash, found \"{}\"", name, text);
  return text;
}

std::string Absolute(const std::string& path) { return fs::absolute(path).lexically_normal().string(); }

// "a:b" with each folder absolute.
std::string AbsoluteFolders(const std::string& folders) {
  std::string all, folder;
  std::istringstream in(folders);
  while (std::getline(in, folder, ':'))
    if (!folder.empty()) all.append(Absolute(folder)).push_back(':');
  if (!all.empty()) all.pop_back();
  return all;
}

std::string ThisProgram() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string("skipbench") : path.string();
}

// What submit itself says to sbatch and srun: said twice, one of them would be ignored, or the batch script's signals,
// times and tasks would not be those that it counts on.
constexpr std::string_view kOwnOptions[] = {"--array",
                                            "-a",
                                            "--ntasks",
                                            "-n",
                                            "--cpus-per-task",
                                            "-c",
                                            "--gpus-per-task",
                                            "--time",
                                            "-t",
                                            "--signal",
                                            "--requeue",
                                            "--no-requeue",
                                            "--open-mode",
                                            "--output",
                                            "-o",
                                            "--job-name",
                                            "-J",
                                            "--partition",
                                            "-p",
                                            "--account",
                                            "-A",
                                            "--qos",
                                            "-q",
                                            "--constraint",
                                            "-C",
                                            "--dependency",
                                            "-d",
                                            "--parsable",
                                            "--wrap",
                                            "--kill-on-bad-exit",
                                            "-K",
                                            "--wait",
                                            "-W",
                                            "--test-only"};

void RequireNotOwn(const char* name, const std::string& option) {
  const std::string key = option.starts_with("--") ? option.substr(0, option.find('=')) : option.substr(0, 2);
  if (std::ranges::find(kOwnOptions, key) != std::end(kOwnOptions))
    Fail(
        "skipbench submit: --{}: {} is said by submit itself (skipbench submit --help lists what it takes), found "
        "\"{}\"",
        name, key, option);
}

// Options that begin with a dash, each one word.
Texts PassedOn(const Values& values, const char* name) {
  Texts options = values.All(name);
  for (const auto& option : options) {
    OneLine(name, option);
    if (!option.starts_with("-") || option.find(' ') < option.find('='))
      Fail("skipbench submit: --{}: expected one option such as --mem=8G, found \"{}\"", name, option);
    if (option.find_first_of("'\"\\") != std::string::npos)
      Fail("skipbench submit: --{}: expected no quotation mark and no backslash, found \"{}\"", name, option);
    RequireNotOwn(name, option);
  }
  return options;
}

// Both runtimes part folders by colons and lists by commas, and have no other way to write one.
std::string Mountable(const std::string& what, const std::string& folder, bool may_have_target) {
  if (std::ranges::count(folder, ':') > (may_have_target ? 1 : 0) || folder.find(',') != std::string::npos)
    Fail("skipbench submit: --container: {}: expected a folder {}without comma and colon, found \"{}\"", what,
         may_have_target ? "or FROM:TO, both " : "", folder);
  return folder;
}

// What the container sees, "FROM" or "FROM:TO".
Texts Mounts(const Values& values, const fs::path& config, const SlurmJob& job) {
  Texts all = {Mountable("--out", job.out.string(), false),
               Mountable("the config", config.parent_path().string(), false)};
  std::istringstream models(AbsoluteFolders(values.Text("models")));
  for (std::string folder; std::getline(models, folder, ':');) all.push_back(Mountable("--models", folder, false));
  for (const auto& result : values.All("extend")) all.push_back(Mountable("--extend", Absolute(result), false));
  for (const auto& mount : values.All("mount")) {
    Mountable("--mount", OneLine("mount", mount), true);
    const size_t colon = mount.find(':');
    if (colon == 0 || mount.empty() || (colon != std::string::npos && mount[colon + 1] != '/'))
      Fail("skipbench submit: --mount: expected FROM or FROM:/TO, found \"{}\"", mount);
    all.push_back(Absolute(mount.substr(0, colon)) + (colon == std::string::npos ? "" : mount.substr(colon)));
  }
  return all;
}

void TakeContainer(const Values& values, const fs::path& config, SlurmJob* job) {
  if (!values.Has("container")) {
    for (const char* option : {"mount", "container-runtime"})
      if (values.Has(option)) Fail("skipbench submit: --{} is for --container IMAGE, which is not given", option);
    return;
  }
  const std::string image = OneLine("container", values.Text("container"));
  const std::string runtime =
      values.Has("container-runtime") ? values.Choice("container-runtime", {"pyxis", "apptainer"}) : "pyxis";
  const Texts all = Mounts(values, config, *job);
  if (runtime == "pyxis") {
    std::string list;
    for (const auto& mount : all) {
      if (!list.empty()) list.push_back(',');
      list += mount.find(':') == std::string::npos ? fmt::format("{}:{}", mount, mount) : mount;
    }
    job->srun.push_back("--container-image=" + image);
    job->srun.push_back("--container-mounts=" + list);
    return;
  }
  job->launcher = {"apptainer", "exec"};
  if (job->gpus_per_task > 0) job->launcher.push_back("--nv");
  for (const auto& mount : all) {
    job->launcher.push_back("--bind");
    job->launcher.push_back(mount);
  }
  job->launcher.push_back(image);
}

void TakeTimes(const Values& values, SlurmJob* job) {
  if (!values.Has("time")) Fail("skipbench submit: --time is missing: the limit of each start, such as 4:00:00");
  job->time = values.Text("time");
  const int64_t limit = ParseSlurmTime(job->time, "skipbench submit: --time");
  job->merge_time = values.Text("merge-time");
  ParseSlurmTime(job->merge_time, "skipbench submit: --merge-time");
  job->signal_before_s = values.Number<int>("signal-before", 2, 65535);  // sbatch's own limit
  if (limit < job->signal_before_s + 60)  // SLURM looks at times every 30 s and rounds to minutes
    Fail(
        "skipbench submit: --time: expected at least a minute more than --signal-before ({} s), since SLURM may send "
        "the signal a minute earlier still; found \"{}\", {} s",
        job->signal_before_s, job->time, limit);
  job->grace = values.Has("grace") ? values.Text("grace") : fmt::format("{}s", job->signal_before_s / 2);
  if (ParseDuration(job->grace, "skipbench submit: --grace") >= job->signal_before_s)
    Fail(
        "skipbench submit: --grace: expected less than --signal-before ({} s), since SLURM ends the task then; found "
        "\"{}\"",
        job->signal_before_s, job->grace);
  job->idle_starts = values.Number<int>("idle-starts", 1, 1000);
}

void TakeRun(const Values& values, const fs::path& config, SlurmJob* job) {
  job->run = {config.string()};
  for (const auto& set : values.All("set")) job->run.insert(job->run.end(), {"--set", OneLine("set", set)});
  if (!values.Text("models").empty())
    job->run.insert(job->run.end(), {"--models", AbsoluteFolders(OneLine("models", values.Text("models")))});
  for (const auto& result : values.All("extend")) {
    if (!fs::exists(result)) Fail("skipbench submit: --extend: {}: no such file or folder", result);
    job->run.insert(job->run.end(), {"--extend", Absolute(result)});
  }
  if (values.IsSet("allow-missing")) job->run.push_back("--allow-missing");
}

// What the folder holds of a run, by whichever way; nothing where that is nothing, or cannot be read: the tasks say
// why.
std::optional<RunHeader> HeaderIn(const fs::path& folder) {
  try {
    if (const auto plan = ReadSharedPlan(folder)) return plan->first;
    if (!ResultFiles(folder).empty()) return ResultReader::Open(folder).header();
  } catch (const Error&) {
  }
  return std::nullopt;
}

void EraseAt(const Json::json_pointer& place, Json* json) {
  if (json->contains(place) && json->at(place.parent_pointer()).is_object())
    json->at(place.parent_pointer()).erase(place.back());
}

// Error where the folder holds the result of another config: every task would say so, hours later. Where files lie, and
// how a run goes, may differ.
void RequireSameRun(const ExperimentConfig& config, const SlurmJob& job) {
  std::optional<RunHeader> there = HeaderIn(job.out);
  for (int i = 0; job.fixed_shards && !there && i < job.tasks; ++i) there = HeaderIn(ShardFolder(job, i));
  if (!there) return;
  Json before = there->config, now = WithNamedNumbers(config.json);
  for (Json* one : {&before, &now}) {
    for (const auto& key : there->execution_keys) one->erase(key);
    for (const auto& key : there->path_keys) EraseAt(Json::json_pointer(key), one);
  }
  if (const std::string difference = JsonDifference(before, now, ""); !difference.empty())
    Fail(
        "skipbench submit: {}: holds the result of another config: {}. Expected another --out, or, to go on with what "
        "is "
        "there, the config that it was begun with",
        job.out.string(), difference);
}

SlurmJob JobOf(const Values& values) {
  const std::string input = values.OnlyInput("one config file");
  SlurmJob job;
  const ExperimentConfig experiment = ReadExperimentConfig(input, values.All("set"));
  const std::string& name = experiment.name;
  job.name = std::regex_replace(name, std::regex("[^A-Za-z0-9_.-]"), "_");
  const fs::path config = Absolute(input);
  job.out = Absolute(values.Has("out") ? OneLine("out", values.Text("out"))
                                       : (fs::path("results") / "local" / name).string());
  if (job.out.filename().empty()) job.out = job.out.parent_path();
  if (!values.Has("tasks")) Fail("skipbench submit: --tasks is missing: how many processes share the run");
  job.tasks = values.Number<int>("tasks", 1, 1000000);
  job.gpus_per_task = values.Number<int>("gpus-per-task", 0, 1);  // a process uses one
  job.cpus_per_task = values.Number<int>("cpus-per-task", 1, 4096);
  job.max_running = values.Number<int>("max-running", 0, 1000000);
  job.together = values.IsSet("together");
  job.fixed_shards = values.IsSet("fixed-shards");
  if (job.together && job.fixed_shards)
    Fail("skipbench submit: --together and --fixed-shards exclude each other: fixed shards are tasks of an array");
  if (job.together && job.max_running > 0)
    Fail("skipbench submit: --together and --max-running exclude each other: there is one job");
  TakeTimes(values, &job);
  job.partition = DirectiveValue(values, "partition");
  job.merge_partition = values.Has("merge-partition") ? DirectiveValue(values, "merge-partition") : job.partition;
  for (const char* name : {"account", "qos", "constraint"})
    if (values.Has(name)) job.directives.push_back(fmt::format("--{}={}", name, DirectiveValue(values, name)));
  for (const auto& option : PassedOn(values, "sbatch")) job.directives.push_back(option);
  job.srun = PassedOn(values, "srun");
  for (const auto& line : values.All("setup")) job.setup.push_back(OneLine("setup", line));
  job.program = values.Has("program")     ? OneLine("program", values.Text("program"))
                : values.Has("container") ? "skipbench"
                                          : ThisProgram();
  TakeContainer(values, config, &job);
  TakeRun(values, config, &job);
  RequireSameRun(experiment, job);
  return job;
}

bool IsInPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  std::string folder;
  while (std::getline(folders, folder, ':'))
    if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  return false;
}

void WriteScript(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (!out) Fail("{}: cannot be written", file.string());
}

// The command's words; `after`: the job's number, "" for none.
std::string SbatchLine(const fs::path& script, const std::string& after) {
  return fmt::format("sbatch --parsable {}{}", after.empty() ? "" : "--dependency=afterany:" + after + " ",
                     ShellLine({script.string()}));
}

// Calls sbatch, whose own message goes where ours go; returns the job's number.
std::string CallSbatch(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) Fail("skipbench submit: {}: cannot be started", command);
  std::string text;
  for (char part[256]; std::fgets(part, sizeof part, pipe);) text += part;
  if (pclose(pipe) != 0) Fail("skipbench submit: {}: refused (sbatch's message is above)", command);
  static const std::regex form(R"((\d+)(;[^\n]*)?\n)");  // with several clusters their name follows
  std::smatch match;
  if (!std::regex_match(text, match, form))
    Fail("skipbench submit: {}: expected a job's number, found \"{}\"", command, text);
  return match[1];
}

void Describe(const SlurmJob& job) {
  const fs::path run = RunScriptPath(job), merge = MergeScriptPath(job);
  fmt::print("### {}\n{}\n### {}\n{}\n### Called:\n", run.string(), RunScript(job), merge.string(), MergeScript(job));
  fmt::print("{}\n{}\n", SbatchLine(run, ""), SbatchLine(merge, "JOB"));
}

}  // namespace

int Submit(const Texts& args) {
  const Values values = Parse("submit", kUsage, Options(), args);
  const SlurmJob job = JobOf(values);
  if (values.IsSet("dry-run")) {
    Describe(job);
    return 0;
  }
  if (!IsInPath("sbatch"))
    Fail(
        "skipbench submit: sbatch was not found in PATH: expected a machine that submits to SLURM; --dry-run prints "
        "what would be submitted");
  WriteScript(RunScriptPath(job), RunScript(job));
  WriteScript(MergeScriptPath(job), MergeScript(job));
  const std::string run = CallSbatch(SbatchLine(RunScriptPath(job), ""));
  fmt::print("{} {}: job {}\n", job.tasks, job.together ? "processes of one job" : "tasks", run);
  std::string merge;
  try {
    merge = CallSbatch(SbatchLine(MergeScriptPath(job), run));
  } catch (const Error& e) {
    Fail("{}; job {} is submitted and runs: cancel it (scancel {}), or submit what joins it later: {}", e.what(), run,
         run, SbatchLine(MergeScriptPath(job), run));
  }
  fmt::print("what joins them: job {}, after it\nscripts and logs: {}\n", merge,
             RunScriptPath(job).parent_path().string());
  return 0;
}

}  // namespace skipbench::cli
