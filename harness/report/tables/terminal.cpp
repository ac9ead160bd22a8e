#include "harness/report/tables/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace skipbench {

std::string Painted(const std::string& text, Paint paint, bool colour) {
  if (!colour || paint == Paint::kNone || text.empty()) return text;
  const char* code = paint == Paint::kBold ? "1" : paint == Paint::kFaint ? "2" : paint == Paint::kGood ? "32" : "31";
  return std::string("\x1b[") + code + "m" + text + "\x1b[0m";
}

bool OutputIsTerminal() { return isatty(STDOUT_FILENO) == 1; }

size_t TerminalWidth() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"))
    if (const long width = std::strtol(columns, nullptr, 10); width > 0 && width < 100'000)
      return static_cast<size_t>(width);
  return 80;
}

bool WantsColour(const std::string& when) {
  if (when != "auto") return when == "always";
  const char *none = std::getenv("NO_COLOR"), *term = std::getenv("TERM");
  return OutputIsTerminal() && (!none || !*none) && term && std::string_view(term) != "dumb";
}

}  // namespace skipbench
