#include "harness/cli/stopping.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <string_view>

#include "harness/base/progress.h"

namespace skipbench::cli {
namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";  // means itself to every shell

std::string Quoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string ShellLine(const Texts& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + Quoted(word);
  return line;
}

Option Grace() {
  return Default<std::string>("grace", "60s",
                              "how long the wave in flight may still take when SIGTERM, SIGUSR1, SIGINT or SIGHUP asks "
                              "to stop (60s, 5m); what will take longer is left at once; the exit code is then 75");
}

struct Stopping::State {
  std::string again, resumes;  // the line that was given, and the one that resumes
  std::mutex mutex;
  std::filesystem::path out;
  std::atomic<int64_t> stored = -1, planned = 0;  // samples; -1: the folder is not touched yet

  void Farewell(const std::string& signal, bool gives_up) {
    const std::lock_guard lock(mutex);
    ClearBar();
    if (stored < 0) {
      fmt::print(stderr, "skipbench: stopped by {} before anything was run. Again:\n  {}\n", signal, again);
      return;
    }
    fmt::print(stderr, "skipbench: stopped by {}: {} of {} samples are stored in {}{}. To go on:\n  {}\n", signal,
               stored.load(), planned.load(), out.string(), gives_up ? "; what was in flight is given up" : "",
               resumes);
  }
};

Stopping::Stopping(const std::string& command, const Texts& args, const Values& values, bool joins)
    : state_(std::make_shared<State>()) {
  const double grace = ParseDuration(values.Text("grace"), "skipbench " + command + ": --grace");
  Texts words = {program_invocation_name, command};
  words.insert(words.end(), args.begin(), args.end());
  state_->again = ShellLine(words);
  std::erase(words, "--overwrite");
  if (!joins && !values.IsSet("resume")) words.emplace_back("--resume");
  state_->resumes = ShellLine(words);
  requests_ = std::make_unique<StopRequests>(
      grace, [state = state_](const std::string& signal, bool gives_up) { state->Farewell(signal, gives_up); });
}

void Stopping::Attach(RunOptions* run) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->out = run->out;
  }
  run->stop = requests_.get();
  run->stored = [state = state_](int64_t stored, int64_t planned) {
    state->planned = planned;
    state->stored = stored;
  };
}

}  // namespace skipbench::cli
