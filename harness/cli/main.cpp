#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "harness/base/bounded_spinning.h"
#include "harness/base/build_info.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/early_signals.h"
#include "harness/base/error.h"
#include "harness/base/stop.h"
#include "harness/cli/commands.h"

namespace skipbench::cli {
namespace {

namespace po = boost::program_options;

struct Command {
  std::string name;
  std::string summary;
  std::function<int(const Texts&)> run;
};

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"run", "run an experiment", Run},
      {"compare", "say whether a result is worse than another one", Compare},
      {"merge", "join shards of a run into one result", Merge},
      {"table", "print a table from results", Table},
      {"report", "figures, tables and a page from results", Report},
      {"path", "hand a skip path to cache-dit or diffusers, or take one from there", Path},
      {"tune", "find out which settings of a sweep are worth their cost, with as few samples as that takes", Tune},
      {"calibrate", "find the threshold of skipping methods that gives a wanted number of predictions", Calibrate},
      {"metrics", "measure pictures in folders and results: PSNR, SSIM and the like", Metrics},
      {"macs", "count multiply-accumulates of a model, without weights", Macs},
      {"profile", "say where the time of an experiment goes", Profile},
      {"list", "list methods, schedulers, metrics, datasets, config keys", List},
      {"doctor", "say what is there, what is missing and where to put it", Doctor},
  };
  return commands;
}

std::string Usage() {
  std::string text = "usage: skipbench COMMAND [arguments]; skipbench COMMAND --help says more\n\n";
  for (const auto& command : Commands()) text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  return text +
         "\nExit codes: 0 fine, 1 regression, 2 inconclusive or not comparable, 3 error or unsupported, "
         "75 stopped by a signal and to be resumed.\n";
}

int Main(const Texts& args) {
  if (args.empty()) {
    fmt::print(stderr, "{}", Usage());
    return 3;
  }
  if (args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    fmt::print("{}", Usage());
    return 0;
  }
  if (args[0] == "--version") {
    const auto& build = BuildInfo();
    fmt::print("skipbench {} ({}{}), LibTorch {}, {}\n", build.version, build.git_revision,
               build.dirty ? ", modified" : "", build.libtorch_version, build.compiler);
    return 0;
  }
  Texts known;
  for (const auto& command : Commands()) {
    if (command.name == args[0]) return command.run({args.begin() + 1, args.end()});
    known.push_back(command.name);
  }
  fmt::print(stderr, "skipbench: unknown command \"{}\"{}\n\n{}", args[0], DidYouMean(args[0], known), Usage());
  return 3;
}

// "--out", "--resume", ...; what positional arguments become has no name on the command line.
Texts OptionNames(const po::options_description& options) {
  Texts names;
  for (const auto& option : options.options())
    if (option->long_name() != "input") names.push_back("--" + option->long_name());
  return names;
}

}  // namespace

std::string Values::Choice(const char* name, const Texts& choices, const char* expected) const {
  const std::string value = Get<std::string>(name);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  Fail("skipbench {}: --{}: {} {} or {}, found \"{}\"{}", command_, name, expected,
       fmt::join(choices.begin(), choices.end() - 1, ", "), choices.back(), value, DidYouMean(value, choices));
}

Values Parse(const std::string& command, const std::string& usage, const std::vector<Option>& list, const Texts& args) {
  po::options_description options("options"), all("options");
  for (const auto& [name, value, help] : list) options.add_options()(name.c_str(), value, help.c_str());
  all.add(options).add_options()("help,h", "show this");
  po::positional_options_description positional;
  positional.add("input", -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(args).options(all).positional(positional).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& e) {
    if (!values.contains("help"))
      Fail("skipbench {}: {}{}\nusage: skipbench {}", command, e.what(),
           DidYouMean(e.get_option_name(), OptionNames(options)), usage);
  } catch (const po::error& e) {
    if (!values.contains("help")) Fail("skipbench {}: {}\nusage: skipbench {}", command, e.what(), usage);
  }
  if (values.contains("help")) {
    std::ostringstream text;
    text << options;
    fmt::print("usage: skipbench {}\n\n{}", usage, text.str());
    throw HelpShown();
  }
  return {command, std::move(values)};
}

}  // namespace skipbench::cli

namespace {

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
    } catch (const skipbench::cli::HelpShown&) {
      return Finish(0);
    } catch (const skipbench::Stopped&) {  // whoever threw it has said so
      return Finish(skipbench::kStoppedExit);
    }
  } catch (const skipbench::Error& e) {
    fmt::print(stderr, "skipbench: {}\n", e.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "skipbench: out of memory\n");
  } catch (const std::exception& e) {
    // LibTorch's messages carry a C++ stack trace after the first line; the first line says it.
    const std::string what = e.what();
    fmt::print(stderr, "skipbench: {}\n", what.substr(0, what.find('\n')));
  }
  return 3;
}
