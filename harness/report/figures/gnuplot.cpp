#include "harness/report/figures/gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/atomic_file.h"

extern char** environ;

namespace skipbench {

namespace fs = std::filesystem;

namespace {

constexpr const char* kAdvice = "install it (Debian: apt-get install gnuplot-nox), or name it with --gnuplot";

// Series colours: Okabe and Ito's palette, which people with any kind of colour vision tell apart; lighter on a dark
// page.
constexpr const char* kLight = R"(ink = '#1a1a1a'; muted = '#595959'; faint = '#e2e2e2'; paper = '#ffffff'
c1 = '#0072b2'; c2 = '#d55e00'; c3 = '#009e73'; c4 = '#cc79a7'; c5 = '#b07a00'; c6 = '#56b4e9'; c7 = '#595959'
predict = '#0072b2'; shallow = '#e69f00'; reuse = '#e8e8e8'
)";
constexpr const char* kDark = R"(ink = '#ececec'; muted = '#b4b4b4'; faint = '#3b3f46'; paper = '#16181c'
c1 = '#56b4e9'; c2 = '#ff8c42'; c3 = '#2fc79a'; c4 = '#e59bc4'; c5 = '#f0b93a'; c6 = '#9ad4f7'; c7 = '#b4b4b4'
predict = '#56b4e9'; shallow = '#f0b93a'; reuse = '#33373d'
)";
// What all figures share.
constexpr const char* kStyle = R"(set encoding utf8
set datafile separator comma
set datafile missing ''
set border 3 linecolor rgb ink linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb ink font ',11'
set xtics offset 0,0.3
set grid back linecolor rgb faint linewidth 0.7 linetype 1
unset key
)";

// A pipe whose ends are closed when nobody needs them.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) Fail("gnuplot: no pipe: {}", std::strerror(errno));
  }
  ~Pipe() {
    Close(0);
    Close(1);
  }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    if (text.size() < 65536) text.append(buffer, static_cast<size_t>(n));
  }
}

std::string FirstLines(const std::string& text) {
  std::istringstream in(text);
  std::string lines;
  for (std::string line; lines.size() < 600 && std::getline(in, line);)
    if (line.find_first_not_of(" \t^") != std::string::npos) lines += (lines.empty() ? "" : " | ") + line;
  return Printable(lines);
}

// Fonts are the same in all of them: 12 in SVG are pixels, in the others points (of 96 / 72 pixels).
std::string Terminal(const std::string& type, const Figure& figure, const std::string& file) {
  std::string options;
  if (type == "svg")
    options = fmt::format("size {},{} dynamic noenhanced font 'sans-serif,12'", figure.width, figure.height);
  if (type == "pngcairo")
    options =
        fmt::format("size {},{} noenhanced font 'sans,12' fontscale 1.5 linewidth 2 pointscale 2 background '#ffffff'",
                    2 * figure.width, 2 * figure.height);
  if (type == "pdfcairo")
    options = fmt::format("size {}in,{}in noenhanced font 'sans,12' fontscale 0.75 linewidth 1 pointscale 0.75",
                          figure.width / 96.0, figure.height / 96.0);
  return fmt::format("set terminal {} {}\nset output '{}'\n", type, options, file);
}

}  // namespace

Gnuplot::Gnuplot(std::string program) : program_(std::move(program)) {
  const Outcome outcome =
      Run("set terminal svg\nset terminal pngcairo\nset terminal pdfcairo\nset encoding utf8\n", ".");
  if (outcome.exit_code == 0) return;
  if (outcome.exit_code == 127) Fail("{}: gnuplot, which draws the figures, is not there: {}", program_, kAdvice);
  Fail("{}: does not work as gnuplot with the terminals svg, pngcairo and pdfcairo ({}): {}", program_,
       outcome.messages.empty() ? fmt::format("exit {}", outcome.exit_code) : FirstLines(outcome.messages), kAdvice);
}

Gnuplot::Outcome Gnuplot::Run(const std::string& commands, const fs::path& folder) const {
  Pipe in, out;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 2);
  // A name without a slash is looked up in PATH, a relative path is seen from here, not from the folder.
  const std::string program = program_.find('/') == std::string::npos ? program_ : fs::absolute(program_).string();
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  // -d: nobody's start-up files. Everything comes by the standard input, so no name needs quoting.
  const char* argv[] = {program.c_str(), "-d", nullptr};
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, program.c_str(), &actions, nullptr, const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT || error == EACCES || error == ENOEXEC) return {127, std::strerror(error)};
  if (error != 0) Fail("{}: could not be started: {}", program_, std::strerror(error));
  in.Close(0);
  out.Close(1);
  // The commands are far smaller than a pipe; a program that does not read them must not kill us.
  struct sigaction ignore = {}, before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  [[maybe_unused]] const ssize_t written = write(in.ends[1], commands.data(), commands.size());
  sigaction(SIGPIPE, &before, nullptr);
  in.Close(1);
  Outcome outcome;
  outcome.messages = ReadAll(out.ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

void Gnuplot::Draw(const Figure& figure, const fs::path& folder) const {
  const fs::path sources = folder / "src";
  const std::string name = figure.id;
  WriteFileAtomically(sources / "light.gp", std::string(kLight) + kStyle);
  WriteFileAtomically(sources / "dark.gp", std::string(kDark) + kStyle);
  WriteFileAtomically(sources / (name + ".csv"), WriteCsv(figure.data));
  WriteFileAtomically(
      sources / (name + ".gp"),
      fmt::format("# In the folder above: gnuplot -e \"load 'src/light.gp'\" src/{0}.gp (after set terminal ...)\n"
                  "data = 'src/{0}.csv'\n{1}",
                  name, figure.script));
  struct Output {
    const char *terminal, *theme, *extension;
  };
  const Output outputs[] = {
      {"svg", "light", "svg"}, {"svg", "dark", "dark.svg"}, {"pngcairo", "light", "png"}, {"pdfcairo", "light", "pdf"}};
  std::string commands;
  for (const auto& [terminal, theme, extension] : outputs)
    commands += "reset session\n" + Terminal(terminal, figure, fmt::format("{}.{}", name, extension)) +
                fmt::format("load 'src/{}.gp'\nload 'src/{}.gp'\nunset output\n", theme, name);
  const Outcome outcome = Run(commands, folder);
  if (outcome.exit_code != 0) Fail("{}: the figure {} was not drawn: {}", program_, name, FirstLines(outcome.messages));
  for (const auto& output : outputs) {
    std::error_code error;
    const fs::path file = folder / fmt::format("{}.{}", name, output.extension);
    if (const auto size = fs::file_size(file, error); error || size == 0)
      Fail("{}: {} did not come about: {}", program_, file.string(), FirstLines(outcome.messages));
  }
}

}  // namespace skipbench
