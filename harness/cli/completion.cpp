// What makes shells complete skipbench's commands and options: written from the declarations that parse them.
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "harness/cli/commands.h"

namespace skipbench::cli {
namespace {

struct Described {
  Texts words;  // "run"; "path", "export"
  std::string summary;
  HelpWanted help;
};

HelpWanted HelpOf(const CommandEntry& command, const Texts& words) {
  try {
    Texts args(words.begin() + 1, words.end());
    args.push_back("--help");
    command.run(args);
  } catch (const HelpWanted& help) {
    return help;
  }
  Fail("skipbench completion: {} has no help", fmt::join(words, " "));
}

std::vector<Described> DescribeAll() {
  std::vector<Described> all;
  for (const auto& command : Commands()) {
    if (command.subcommands.empty()) all.push_back({{command.name}, command.summary, HelpOf(command, {command.name})});
    for (const auto& sub : command.subcommands)
      all.push_back({{command.name, sub}, command.summary, HelpOf(command, {command.name, sub})});
  }
  return all;
}

// Names of one option as they are typed: "--out", "-o".
Texts Spellings(const HelpWanted::Line& line) {
  Texts names = {"--" + line.name};
  if (line.letter) names.push_back(std::string("-") + line.letter);
  return names;
}

// The choices of what stands without a name ("list methods"); none: files.
Texts InputChoices(const HelpWanted& help) {
  for (const auto& line : help.options)
    if (line.name == "input") return line.choices;
  return {};
}

bool TakesInput(const HelpWanted& help) {
  return std::ranges::any_of(help.options, [](const auto& line) { return line.name == "input"; });
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// In single quotes of a POSIX shell.
std::string ShellQuoted(const std::string& text) { return "'" + Replaced(text, "'", "'\\''") + "'"; }
// In single quotes of fish.
std::string FishQuoted(const std::string& text) {
  return "'" + Replaced(Replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

// The first sentence or so of a help text: what fits beside a name.
std::string Short(std::string text) {
  constexpr size_t kLongest = 60;
  // "METRIC=LIMIT: how much worse": the name of the value is no explanation.
  const size_t colon = text.find(": ");
  if (colon != std::string::npos && std::none_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                                                 [](unsigned char c) { return std::islower(c) || c == ' '; }))
    text = text.substr(colon + 2);
  std::string text_until = text.substr(0, text.find_first_of(":;("));
  if (text_until.size() > kLongest) {
    text_until.resize(kLongest);
    text_until.resize(std::max<size_t>(text_until.find_last_of(' '), 1));
  }
  while (!text_until.empty() && (text_until.back() == ' ' || text_until.back() == ',')) text_until.pop_back();
  return text_until;
}

std::string CommandNames() {
  Texts names;
  for (const auto& command : Commands()) names.push_back(command.name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string Bash(const std::vector<Described>& all) {
  std::string values, names, subcommands;
  for (const auto& [words, summary, help] : all) {
    const std::string command = fmt::format("{}", fmt::join(words, " "));
    Texts known = {"--help"};
    std::string with_value;
    for (const auto& line : help.options) {
      if (line.name == "input") continue;
      Texts patterns;
      for (const auto& name : Spellings(line)) {
        known.push_back(name);
        patterns.push_back(ShellQuoted(command + " " + name));
      }
      if (!line.takes_value) continue;
      values += fmt::format(
          "    {}) {} ;;\n", fmt::join(patterns, "|"),
          line.choices.empty()
              ? std::string("_skipbench_files")
              : fmt::format("_skipbench_words {}", ShellQuoted(fmt::format("{}", fmt::join(line.choices, " ")))));
    }
    const Texts choices = InputChoices(help);
    names += fmt::format("    {}) options={} inputs={} ;;\n", ShellQuoted(command),
                         ShellQuoted(fmt::format("{}", fmt::join(known, " "))),
                         ShellQuoted(fmt::format("{}", fmt::join(choices, " "))));
  }
  for (const auto& command : Commands())
    if (!command.subcommands.empty())
      subcommands += fmt::format("    {}) subcommands={} ;;\n", command.name,
                                 ShellQuoted(fmt::format("{}", fmt::join(command.subcommands, " "))));
  return fmt::format(R"(# Completion of skipbench for bash: source it, or put it into
# ~/.local/share/bash-completion/completions/skipbench
_skipbench_words() {{ COMPREPLY=($(compgen -W "$1" -- "${{COMP_WORDS[COMP_CWORD]}}")); }}
_skipbench_files() {{
  compopt -o filenames 2>/dev/null
  local IFS=$'\n'
  COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
_skipbench() {{
  local command="${{COMP_WORDS[1]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" options="" inputs="" subcommands=""
  if ((COMP_CWORD == 1)); then
    _skipbench_words '{} help --help --version'
    return
  fi
  if [[ "$command" == help ]]; then
    _skipbench_words '{}'
    return
  fi
  case "$command" in
{}    *) ;;
  esac
  if [[ -n "$subcommands" ]]; then
    if ((COMP_CWORD == 2)); then
      _skipbench_words "$subcommands --help"
      return
    fi
    command+=" ${{COMP_WORDS[2]}}"
  fi
  case "$command $previous" in
{}    *)
      case "$command" in
{}        *) ;;
      esac
      if [[ "${{COMP_WORDS[COMP_CWORD]}}" == -* ]]; then
        _skipbench_words "$options"
      elif [[ -n "$inputs" ]]; then
        _skipbench_words "$inputs"
      else
        _skipbench_files
      fi
      ;;
  esac
}}
complete -F _skipbench skipbench
)",
                     CommandNames(), CommandNames(), subcommands, values, Replaced(names, "    '", "        '"));
}

// One argument of zsh's _arguments: '(-o --out)'{-o,--out}'[help]:DIR:_files'.
std::string ZshOption(const HelpWanted::Line& line, bool repeated) {
  std::string help = Short(line.help);
  for (const char* special : {"[", "]", ":"}) help = Replaced(help, special, std::string("\\") + special);
  std::string value;
  if (line.takes_value)
    value = fmt::format(":{}:{}", line.value,
                        line.choices.empty() ? "_files" : fmt::format("({})", fmt::join(line.choices, " ")));
  const std::string tail = ShellQuoted("[" + help + "]" + value);
  const std::string star = repeated ? "'*'" : "";
  if (!line.letter) return fmt::format("{}--{}{}", star, line.name, tail);
  return fmt::format("{}{{-{},--{}}}{}", repeated ? star : fmt::format("'(-{0} --{1})'", line.letter, line.name),
                     line.letter, line.name, tail);
}

std::string Zsh(const std::vector<Described>& all) {
  std::string summaries, cases;
  for (const auto& command : Commands())
    summaries += fmt::format("    {}\n", ShellQuoted(command.name + ":" + Replaced(command.summary, ":", "\\:")));
  for (const auto& [words, summary, help] : all) {
    const Texts choices = InputChoices(help);
    cases += fmt::format("    {})\n      _arguments '(-h --help)'{{-h,--help}}'[show this]'",
                         ShellQuoted(fmt::format("{}", fmt::join(words, " "))));
    // Any option may be given again where that makes sense to the program; it says so where it does not.
    for (const auto& line : help.options)
      if (line.name != "input") cases += " \\\n        " + ZshOption(line, line.takes_value);
    if (TakesInput(help))
      cases +=
          " \\\n        " + ShellQuoted("*:input:" + (choices.empty() ? std::string("_files")
                                                                      : fmt::format("({})", fmt::join(choices, " "))));
    cases += " ;;\n";
  }
  std::string subcommands;
  for (const auto& command : Commands())
    if (!command.subcommands.empty())
      subcommands += fmt::format("    {}) subcommands=({}) ;;\n", command.name, fmt::join(command.subcommands, " "));
  return fmt::format(R"(#compdef skipbench
# Completion of skipbench for zsh: put it as _skipbench into a folder of $fpath, or source it after compinit.
_skipbench() {{
  local -a commands subcommands
  commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command == help ]]; then
    _describe command commands
    return
  fi
  case $command in
{}    *) ;;
  esac
  if (($#subcommands)); then
    if ((CURRENT == 3)); then
      compadd -- $subcommands
      return
    fi
    command+=" $words[3]"
    shift words
    ((CURRENT--))
  fi
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}
if [[ "$funcstack[1]" == _skipbench ]]; then
  _skipbench "$@"
else
  compdef _skipbench skipbench
fi
)",
                     summaries, subcommands, cases);
}

std::string Fish(const std::vector<Described>& all) {
  std::string text =
      "# Completion of skipbench for fish: put it into ~/.config/fish/completions/skipbench.fish\n"
      "complete -c skipbench -n __fish_use_subcommand -f\n"
      "complete -c skipbench -n __fish_use_subcommand -l version -d 'the version of program and LibTorch'\n"
      "complete -c skipbench -s h -l help -d 'show help'\n";
  for (const auto& command : Commands()) {
    text += fmt::format("complete -c skipbench -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        FishQuoted(command.summary));
    if (!command.subcommands.empty())
      text += fmt::format(
          "complete -c skipbench -f -n '__fish_seen_subcommand_from {0}; and not __fish_seen_subcommand_from {1}' -a "
          "'{1}'\n",
          command.name, fmt::join(command.subcommands, " "));
  }
  for (const auto& [words, summary, help] : all) {
    std::string when = "__fish_seen_subcommand_from " + words[0];
    for (size_t i = 1; i < words.size(); ++i) when += "; and __fish_seen_subcommand_from " + words[i];
    const std::string start = fmt::format("complete -c skipbench -n {}", FishQuoted(when));
    if (const Texts choices = InputChoices(help); !choices.empty())
      text += fmt::format("{} -f -a {}\n", start, FishQuoted(fmt::format("{}", fmt::join(choices, " "))));
    for (const auto& line : help.options) {
      if (line.name == "input") continue;
      text += fmt::format("{} -l {}", start, line.name);
      if (line.letter) text += fmt::format(" -s {}", line.letter);
      if (!line.choices.empty())
        text += fmt::format(" -x -a {}", FishQuoted(fmt::format("{}", fmt::join(line.choices, " "))));
      else if (line.takes_value)
        text += " -r -F";
      text += fmt::format(" -d {}\n", FishQuoted(Short(line.help)));
    }
  }
  return text;
}

}  // namespace

int Completion(const Texts& args) {
  const Texts shells = {"bash", "zsh", "fish"};
  const Values values = Parse("completion", "completion bash|zsh|fish", {Input("the shell").Of(shells)}, args);
  const std::string shell = values.OnlyInput("one shell: bash, zsh or fish");
  if (std::ranges::find(shells, shell) == shells.end())
    Fail("skipbench completion: expected bash, zsh or fish, found \"{}\"", shell);
  const auto all = DescribeAll();
  fmt::print("{}", shell == "bash" ? Bash(all) : shell == "zsh" ? Zsh(all) : Fish(all));
  return 0;
}

}  // namespace skipbench::cli
