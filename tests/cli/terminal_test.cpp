// What is printed depends on where it goes: a terminal's width and colours, a file's Markdown; and on NO_COLOR and
// --color.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "harness/report/tables/display_width.h"
#include "harness/store/result_writer.h"
#include "tests/cli/cli_support.h"
#include "tests/store/example_run.h"

namespace skipbench::testing {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

// What the program writes to a terminal of so many columns; lines end with "\n".
std::string InTerminal(std::vector<std::string> args, unsigned short columns, const Environment& environment = {}) {
  args.insert(args.begin(), SkipbenchPath());
  winsize size = {};
  size.ws_col = columns;
  size.ws_row = 24;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    setenv("TERM", "xterm", 1);
    for (const char* name : {"NO_COLOR", "COLUMNS"}) unsetenv(name);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> pointers;
    for (auto& arg : args) pointers.push_back(arg.data());
    pointers.push_back(nullptr);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = read(terminal, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(n));
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << out;
  std::erase(out, '\r');
  return out;
}

bool HasColour(const std::string& text) { return Contains(text, "\x1b["); }

size_t Widest(const std::string& text) {
  std::istringstream lines(text);
  size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, DisplayWidth(line));
  return widest;
}

class Terminal : public ::testing::Test {
 protected:
  void SetUp() override {
    const RunHeader header = ExampleHeader();
    ResultWriter writer(result_, header, false);
    Wave wave = ExampleWave(header, 0, 6);
    for (auto& setting : wave.settings)
      for (size_t i = 0; i < 6; ++i) setting.macs_modules[i] = setting.macs_matmuls[i] = setting.nfe[i] * 2e9;
    writer.Commit(wave);
    writer.Finish();
  }

  TempDir dir_;
  std::filesystem::path result_ = dir_ / "run";
};

TEST_F(Terminal, TablesAndVerdictsAreAsWideAsIt) {
  for (const char* command : {"table", "verdict"})
    for (const unsigned short columns : {70, 80, 132}) {  // the verdict's columns need 64
      const std::string text = InTerminal({command, result_.string(), "--color", "never"}, columns);
      EXPECT_LE(Widest(text), columns) << command << "\n" << text;
      EXPECT_GT(Widest(text), columns / 2u) << command << "\n" << text;
    }
  // Not where another width is asked for, and not where there is no terminal.
  EXPECT_GT(Widest(InTerminal({"table", result_.string(), "--width", "120"}, 60)), 60u);
  EXPECT_TRUE(Contains(Skipbench({"table", result_.string()}).out, "| setting "));
  EXPECT_FALSE(Contains(InTerminal({"table", result_.string()}, 80), "| setting "));
}

TEST_F(Terminal, ColourIsForTerminalsThatWantIt) {
  for (const char* command : {"table", "verdict"}) {
    const std::vector<std::string> call = {command, result_.string()};
    const auto with = [&](const char* when) {
      return std::vector<std::string>{command, result_.string(), "--color", when};
    };
    EXPECT_TRUE(HasColour(InTerminal(call, 80))) << command;
    EXPECT_TRUE(HasColour(InTerminal(call, 80, {{"NO_COLOR", ""}}))) << command << ": an empty one does not count";
    EXPECT_FALSE(HasColour(InTerminal(call, 80, {{"NO_COLOR", "1"}}))) << command;
    EXPECT_FALSE(HasColour(InTerminal(call, 80, {{"TERM", "dumb"}}))) << command;
    EXPECT_FALSE(HasColour(InTerminal(with("never"), 80))) << command;
    // What is asked for outright goes before the environment.
    EXPECT_TRUE(HasColour(InTerminal(with("always"), 80, {{"NO_COLOR", "1"}, {"TERM", "dumb"}}))) << command;
    EXPECT_FALSE(HasColour(Skipbench(call).out)) << command;
  }
  EXPECT_FALSE(HasColour(Skipbench({"table", result_.string(), "--format", "text"}).out));
  EXPECT_TRUE(HasColour(Skipbench({"table", result_.string(), "--format", "text", "--color", "always"}).out));
  EXPECT_TRUE(HasColour(Skipbench({"verdict", result_.string(), "--color", "always"}).out));
}

// Colour adds nothing but colour.
TEST_F(Terminal, WithoutColourTheTextIsTheSame) {
  for (const char* command : {"table", "verdict"}) {
    std::string text = InTerminal({command, result_.string(), "--color", "always"}, 80), plain;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b')
        i = text.find('m', i);
      else
        plain += text[i];
    }
    EXPECT_EQ(plain, InTerminal({command, result_.string(), "--color", "never"}, 80));
  }
}

}  // namespace
}  // namespace skipbench::testing
