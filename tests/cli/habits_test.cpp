// What a user of the command line takes for granted: help, examples that work, completions, listings for programs.
#include <regex>
#include <set>
#include <sstream>

#include "tests/cli/cli_support.h"

namespace skipbench::testing {
namespace {

// The commands of the usage, between "Commands:" and the next empty line.
std::vector<std::string> CommandNames() {
  const std::string help = Skipbench({"--help"}).out;
  const size_t begin = help.find("\nCommands:\n") + 11;
  std::istringstream lines(help.substr(begin, help.find("\n\n", begin) - begin));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    names.emplace_back();
    words >> names.back();
  }
  return names;
}

std::set<std::string> Options(const std::string& text) {
  static const std::regex option("--[a-z][a-z-]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), option), std::sregex_token_iterator()};
}

// Every command says what it is for and shows examples, whose options are its own.
TEST(Help, HasExamplesOfOptionsThatThereAre) {
  const auto names = CommandNames();
  ASSERT_GE(names.size(), 14u);
  for (const auto& name : names) {
    std::vector<std::vector<std::string>> calls = {{name}};
    if (name == "path") calls = {{"path", "export"}, {"path", "import"}};
    for (auto call : calls) {
      call.push_back("--help");
      const ProcessResult help = Skipbench(call);
      ASSERT_EQ(help.exit_code, 0) << help.err;
      EXPECT_TRUE(help.out.starts_with("Usage: skipbench " + name)) << help.out;
      const size_t options = help.out.find("\nOptions:\n"), examples = help.out.find("\nExamples:\n");
      ASSERT_NE(options, std::string::npos) << name;
      ASSERT_NE(examples, std::string::npos) << name << " has no examples";
      const auto known = Options(help.out.substr(options, examples - options));
      for (const auto& option : Options(help.out.substr(examples)))
        EXPECT_TRUE(known.contains(option)) << name << ": " << option << " of an example is none of its options";
      for (const auto& option : Options(help.out.substr(0, options)))
        EXPECT_TRUE(known.contains(option)) << name << ": " << option << " of the usage is none of its options";
    }
  }
  EXPECT_EQ(Skipbench({"help", "list"}).out, Skipbench({"list", "-h"}).out);
  EXPECT_TRUE(Contains(Skipbench({"path", "--help"}).out, "path import FILE"));
  const ProcessResult unknown = Skipbench({"help", "tabel"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_TRUE(Contains(unknown.err, "did you mean \"table\"?"));
}

// An option that is given is heard, or refused with what was expected.
TEST(Help, NoOptionIsPassedOver) {
  const std::string result = "nowhere";  // not opened: the options come first
  for (const auto& [arguments, expected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"table", result, "--columns", ""}, "skipbench table: --columns: expected a value, found nothing"},
           {{"table", result, "--filter", "a", "--filter", ""}, "skipbench table: --filter: expected a value, found"},
           {{"table", result, "--format", ""},
            "--format: expected one of text, markdown, latex, html, csv, json, found"},
           {{"table", result, "--color", "purple"}, "--color: expected auto, always or never, found \"purple\""},
           {{"table", result, "--width", "-5"}, "--width: expected 0 to 10000, found -5"},
           {{"table", result, "--width", "99999999999"}, "--width: expected 0 to 10000, found 99999999999"},
           {{"verdict", result, "--width", "wide"}, "'wide'"},
           {{"verdict", result, "--width", "wide"}, "; expected a whole number"},
           {{"verdict", result, "--format", "json", "--width", "90"}, "--width is of text for terminals; here is json"},
           {{"table", result, "--format", "csv", "--color", "never"}, "--color is of text for terminals; here is csv"},
           {{"run", result, "--overwrit"}, "did you mean \"--overwrite\"?"},
           {{"table", result, "--hlep"}, "did you mean \"--help\"?"}}) {
    const ProcessResult run = Skipbench(arguments);
    EXPECT_EQ(run.exit_code, 3) << run.out;
    EXPECT_TRUE(Contains(run.err, expected)) << run.err;
    EXPECT_FALSE(Contains(run.err, "skipbench: skipbench")) << run.err;
  }
}

TEST(Help, SuggestsOptions) {
  const ProcessResult misspelt = Skipbench({"list", "methods", "--fromat", "json"});
  EXPECT_EQ(misspelt.exit_code, 3);
  EXPECT_TRUE(Contains(misspelt.err, "did you mean \"--format\"?")) << misspelt.err;
}

TEST(List, IsJsonForPrograms) {
  for (const char* what : {"methods", "metrics", "weights", "datasets", "schedulers", "config"}) {
    const ProcessResult listed = Skipbench({"list", what, "--format", "json"});
    ASSERT_EQ(listed.exit_code, 0) << listed.err;
    const Json json = ParseJson(listed.out, what);
    ASSERT_TRUE(json.is_array() && !json.empty()) << what;
    const std::string text = Skipbench({"list", what}).out;
    for (const auto& entry : json)
      EXPECT_TRUE(Contains(text, entry.at(std::string(what) == "weights" ? "file" : "name"))) << entry.dump();
  }
}

// What bash completes after some words, the last of which is begun.
std::string Completed(const std::filesystem::path& script, const std::vector<std::string>& words) {
  std::string command = "source '" + script.string() + "'\nCOMP_WORDS=(";
  for (const auto& word : words) command += " '" + word + "'";
  command += fmt::format(")\nCOMP_CWORD={}\n_skipbench\necho \"${{COMPREPLY[*]}}\"", words.size() - 1);
  const ProcessResult run = RunProcess({"bash", "-c", command});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.out.substr(0, run.out.find('\n'));
}

TEST(Completion, OfBash) {
  const TempDir dir;
  const ProcessResult written = Skipbench({"completion", "bash"});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  WriteFile(dir / "bash", written.out);
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "comp"}), "compare completion");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "run", "--res"}), "--resume");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "list", "me"}), "methods metrics");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "list", "--format", ""}), "text json");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "path", "i"}), "import");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "path", "export", "--row", "u"}), "unconditional");
  EXPECT_EQ(Completed(dir / "bash", {"skipbench", "table", (dir / "ba").string()}), (dir / "bash").string());
}

// The other shells read their scripts, where they are installed.
TEST(Completion, OfOtherShells) {
  const TempDir dir;
  for (const std::string shell : {"zsh", "fish"}) {
    const ProcessResult written = Skipbench({"completion", shell});
    ASSERT_EQ(written.exit_code, 0) << written.err;
    for (const char* part : {"--format", "unconditional", "run an experiment"})
      EXPECT_TRUE(Contains(written.out, shell == "fish" && part[0] == '-' ? part + 2 : part)) << shell << part;
    if (RunProcess({"bash", "-c", "command -v " + shell}).exit_code != 0) continue;
    WriteFile(dir / shell, written.out);
    const ProcessResult read = RunProcess({shell, "-n", (dir / shell).string()});
    EXPECT_EQ(read.exit_code, 0) << shell << ": " << read.err;
  }
  EXPECT_EQ(Skipbench({"completion", "tcsh"}).exit_code, 3);
}

// Before it starts, and only where progress is shown.
// What `cmake --install` writes: a page for the program and one for each command, with its options and examples, that
// groff has nothing to say about.
TEST(ManPages, AreMadeOfTheHelp) {
  for (const char* program : {"help2man", "groff", "cmake"})
    if (RunProcess({"sh", "-c", std::string("command -v ") + program}).exit_code != 0)
      GTEST_SKIP() << "no " << program << "; Debian: apt-get install help2man groff-base cmake";
  const TempDir dir;
  const auto made =
      RunProcess({"cmake", "-Dprogram=" + SkipbenchPath(), "-Dversion=1.2.3", "-Dhelp2man=help2man",
                  "-Dshare=" + dir.path().string(), "-P", (SourceDir() / "cmake/install_shell.cmake").string()});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto pages = dir / "man/man1";
  EXPECT_TRUE(Contains(ReadFile(pages / "skipbench.1"), ".SH SYNOPSIS"));
  for (const auto& name : CommandNames()) {
    const std::string page = (pages / ("skipbench-" + name + ".1")).string();
    const auto checked = RunProcess({"groff", "-man", "-Tutf8", "-ww", "-z", page});
    EXPECT_EQ(checked.exit_code, 0) << name;
    EXPECT_EQ(checked.err, "") << name;
    EXPECT_TRUE(Contains(ReadFile(page), "skipbench-" + name + " \\- ")) << ReadFile(page).substr(0, 300);
    if (name == "path" || name == "help") continue;  // its own commands have the options
    const std::string text = RunProcess({"groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", page}).out;
    for (const auto& option : Options(Skipbench({name, "--help"}).out))
      EXPECT_TRUE(Contains(text, option)) << name << " " << option;
  }
}

TEST(Estimate, IsSaidBeforeTheRun) {
  const TempDir dir;
  WriteFile(dir / "config.json", SmallConfig(2, 4).dump());
  const std::vector<std::string> run = {"run", (dir / "config.json").string(), "--out", (dir / "out").string()};
  const ProcessResult loud = Skipbench(run);
  ASSERT_EQ(loud.exit_code, 0) << loud.err;
  EXPECT_TRUE(std::regex_search(
      loud.err, std::regex("skipbench: 2 samples, 4 settings: [0-9]+ to 34 network evaluations; at [0-9.e-]+ s each")))
      << loud.err;
  const ProcessResult quiet = RunConfig(dir, SmallConfig(2, 4), "quiet");
  EXPECT_FALSE(Contains(quiet.err, "network evaluations;")) << quiet.err;
  EXPECT_EQ(Differences(dir / "out", dir / "quiet"), "");
}

}  // namespace
}  // namespace skipbench::testing
