#include <cerrno>
#include <cstdio>
#include <cstring>

#include "harness/base/bounded_spinning.h"
#include "harness/base/build_info.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/early_signals.h"
#include "harness/base/error.h"
#include "harness/base/stop.h"
#include "harness/cli/commands.h"
#include "harness/cli/help.h"

namespace skipbench::cli {

const std::vector<CommandEntry>& Commands() {
  static const std::vector<CommandEntry> commands = {
      {"run", "run an experiment", Run},
      {"compare", "say whether a result is worse than another one", Compare},
      {"submit", "queue an experiment with SLURM, in many tasks, and what joins them", Submit},
      {"status", "say how far a run is, and who works at it", Status},
      {"merge", "join shards of a run into one result", Merge},
      {"verdict", "say which setting comes closest to the full run within a budget, and how sure that is", Verdict},
      {"table", "print a table from results", Table},
      {"report", "figures, tables and a page from results", Report},
      {"history", "what changed over results of many commits, and with which", History},
      {"path", "hand a skip path to cache-dit or diffusers, or take one from there", Path, {"export", "import"}},
      {"tune", "find out which settings of a sweep are worth their cost, with as few samples as that takes", Tune},
      {"calibrate", "find the threshold of skipping methods that gives a wanted number of predictions", Calibrate},
      {"metrics", "measure pictures in folders and results: PSNR, SSIM and the like", Metrics},
      {"macs", "count multiply-accumulates of a model, without weights", Macs},
      {"profile", "say where the time of an experiment goes", Profile},
      {"list", "list methods, schedulers, metrics, datasets, config keys", List},
      {"doctor", "say what is there, what is missing and where to put it", Doctor},
      {"completion", "print what makes bash, zsh or fish complete commands and options", Completion},
  };
  return commands;
}

namespace {

std::string Usage() {
  std::string text =
      "Usage: skipbench COMMAND [arguments]\n\nA benchmark of training-free acceleration of diffusion models. "
      "skipbench "
      "COMMAND --help says more of a command.\n\nCommands:\n";
  for (const auto& command : Commands()) text += fmt::format("  {:<10}  {}\n", command.name, command.summary);
  return text +
         "\nExit codes:\n"
         "  0   fine\n"
         "  1   regression (compare, and runs that decide about one)\n"
         "  2   inconclusive (compare, and runs that decide about a regression)\n"
         "  3   error, a run with failed samples, or unsupported\n"
         "  4   not comparable (compare)\n"
         "  75  stopped by a signal and to be resumed (run, tune)\n"
         "\nExamples:\n"
         "  skipbench doctor configs/quickstart.json\n"
         "  skipbench run configs/quickstart.json --out results/local/quickstart\n"
         "  skipbench report results/local/quickstart --out results/local/quickstart-report\n";
}

int Main(const Texts& args) {
  if (args.empty()) {
    fmt::print(stderr, "{}", Usage());
    return 3;
  }
  const bool help = args[0] == "help" && args.size() > 1;  // "help run" is "run --help"
  if (args[0] == "--help" || args[0] == "-h" || (args[0] == "help" && !help)) {
    fmt::print("{}", Usage());
    return 0;
  }
  if (args[0] == "--version") {
    const auto& build = BuildInfo();
    fmt::print("skipbench {} ({}{}), LibTorch {}, {}\n", build.version, build.git_revision,
               build.dirty ? ", modified" : "", build.libtorch_version, build.compiler);
    return 0;
  }
  const std::string& name = args[help ? 1 : 0];
  Texts known;
  for (const auto& command : Commands()) {
    known.push_back(command.name);
    if (command.name != name) continue;
    Texts rest(args.begin() + (help ? 2 : 1), args.end());
    if (help) rest.push_back("--help");
    return command.run(rest);
  }
  fmt::print(stderr, "skipbench: unknown command \"{}\"{}\n\n{}", name, DidYouMean(name, known), Usage());
  return 3;
}

}  // namespace
}  // namespace skipbench::cli

namespace {

// Commands put their names before what they say of their arguments.
void Complain(const std::string& what) {
  fmt::print(stderr, "{}{}\n", what.starts_with("skipbench ") ? "" : "skipbench: ", what);
}

// What was printed must have arrived: a full disk behind "> file" is found out here at the latest.
int Finish(int code) {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return code;
  skipbench::Fail("the standard output cannot be written: {}", std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    try {
      return Finish(skipbench::cli::Main({argv + 1, argv + argc}));
    } catch (const skipbench::cli::HelpWanted& help) {
      fmt::print("{}", skipbench::cli::RenderHelp(help));
      return Finish(0);
    } catch (const skipbench::Stopped&) {  // whoever threw it has said so
      return Finish(skipbench::kStoppedExit);
    }
  } catch (const skipbench::Error& e) {
    Complain(e.what());
  } catch (const std::bad_alloc&) {
    Complain("out of memory");
  } catch (const std::exception& e) {
    // LibTorch's messages carry a C++ stack trace after the first line; the first line says it.
    const std::string what = e.what();
    Complain(what.substr(0, what.find('\n')));
  }
  return 3;
}
