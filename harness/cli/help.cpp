#include "harness/cli/help.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

#include "harness/report/tables/escape.h"

namespace skipbench::cli {
namespace {

constexpr size_t kWidth = 80, kIndent = 26;

// The text in lines that begin in the column `indent` and end before kWidth; the first one begins after `at` columns.
std::string Wrapped(const std::string& text, size_t indent, size_t at) {
  std::string out;
  const auto new_line = [&] {
    out += "\n" + std::string(indent, ' ');
    at = indent;
  };
  if (at > indent)
    new_line();
  else
    out += std::string(indent - at, ' ');
  at = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t width = CountCharacters(word);
    if (at > indent && at + 1 + width > kWidth) new_line();
    if (at > indent) {
      out += " ";
      ++at;
    }
    out += word;
    at += width;
  }
  return out + "\n";
}

std::string RenderOption(const HelpWanted::Line& line) {
  std::string head =
      line.letter ? fmt::format("  -{}, --{}", line.letter, line.name) : fmt::format("  --{}", line.name);
  if (line.takes_value) head += " " + line.value;
  std::string help = line.help;
  if (!line.choices.empty())
    help += fmt::format("{}{} is {}", help.empty() ? "" : "; ", line.value, fmt::join(line.choices, ", "));
  if (!line.fallback.empty() && help.find("default") == std::string::npos)
    help += fmt::format(" (default: {})", line.fallback);
  // Two blanks at least between them: help2man looks for them.
  const size_t at = CountCharacters(head);
  return head + Wrapped(help, kIndent, at + 2 > kIndent ? kWidth : at);
}

const CommandEntry* Find(const std::string& name) {
  const auto found = std::ranges::find(Commands(), name, &CommandEntry::name);
  return found == Commands().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Example>& ExamplesOf(const std::string& command) {
  static const std::map<std::string, std::vector<Example>> examples = {
      {"run",
       {{"run my.json --dry-run", "what it would do: samples, settings, evaluations, disk"},
        {"run my.json --out results/local/my", "run it"},
        {"run my.json --out results/local/my --resume", "go on where it was interrupted"},
        {"run my.json --set methods.adaptive_diffusion.delta=0.005,0.01 --set data.count=16",
         "with other values than the file's; several sweep"},
        {"run my.json --claim --out /shared/my", "share it with every process that is given the same line"},
        {"run my.json --shard 0/2 --out shard0", "the first half of the samples, here"}}},
      {"compare",
       {{"compare base new", "is NEW worse?"},
        {"compare base new --max-slowdown 1.2 --max-psnr-drop 0.2", "latency counts too; less may be lost"},
        {"compare base new --map \"adaptive_diffusion(delta=0.02)=adaptive(delta=0.02)\"",
         "a setting was given another name"},
        {"compare float32 bfloat16 --allow dtype", "what half precision changes"},
        {"compare base new --format junit", "for a CI server"}}},
      {"merge", {{"merge shard0 shard1 --out results/local/my", "join the parts of a run"}}},
      {"status",
       {{"status /shared/my", "how far it is, and who works at what"},
        {"status shard0 shard1 --format json", "for programs"}}},
      {"submit",
       {{"submit my.json --tasks 16 --gpus-per-task 1 --time 4:00:00 --out /shared/my", "16 tasks that share the run"},
        {"submit my.json --tasks 16 --time 4:00:00 --dry-run", "what would be queued"}}},
      {"verdict",
       {{"verdict results/local/my", "which setting wins within 0.75, 0.5 and 0.35 of the full run's cost"},
        {"verdict results/local/my --budget 0.6,0.4 --metric ssim", "other budgets, another metric"}}},
      {"table",
       {{"table results/local/my", "for people"},
        {"table results/local/my --sort=-psnr --filter \"cost<0.5\"",
         "the closest settings at less than half the cost"},
        {"table results/local/my --columns setting,delta,psnr,speed_up", "chosen columns, parameters among them"},
        {"table results/local/my --format csv", "for programs: all columns, all digits"},
        {"table monday tuesday", "two runs side by side"},
        {"table results/local/my --paired \"fewer_steps(steps=25)\"",
         "what every setting gains over this one, on the same samples"}}},
      {"report", {{"report results/local/my --out results/local/my-report", "a page to open in a browser"}}},
      {"history",
       {{"history results/ci/*", "what changed, and with which commit; the oldest result first"},
        {"history results/ci/* --out trend", "and figures of it"},
        {"history results/ci/* --format csv",
         "a line for each value: for pandas, or to import into Weights & Biases"}}},
      {"path",
       {{"path export results/local/my --setting \"greedy_search(skips=25)\" --format diffusers --out mask.py",
         "a skip path for diffusers"},
        {"path import mask.json --steps 50", "one from elsewhere"}}},
      {"path export",
       {{"path export results/local/my --setting \"greedy_search(skips=25)\" --format diffusers --out mask.py",
         "a skip path for diffusers"},
        {"path export results/local/my --sample 7 --format json", "what one sample took"}}},
      {"path import", {{"path import mask.json --steps 50 --name searched", "print the entry for a config"}}},
      {"tune",
       {{"tune my.json --budget 0.25,0.5", "the best settings of its sweep, stopped when that is known"},
        {"tune my.json --question fewer_steps --samples 200", "which settings beat taking fewer steps"}}},
      {"calibrate",
       {{"calibrate my.json --nfe 25", "the threshold that predicts 25 times on average"},
        {"calibrate my.json --speedup 2 --samples 32", "the one that halves the multiply-accumulates"},
        {"calibrate my.json --mag-ratios ratios.json", "what mag_cache decides by"}}},
      {"metrics",
       {{"metrics pictures reference --metric psnr,ssim", "two folders of pictures, paired by name"},
        {"metrics results/local/my --metric lpips", "every setting of a result against its full run"},
        {"metrics reference --metric fid --save-stats reference.npz", "statistics to measure against later"}}},
      {"macs",
       {{"macs /models/stable-diffusion-v1-5", "by its config files alone"},
        {"macs /models/DiT-XL-2-256 --cut 8,0", "of a forward whose blocks after the first 8 are cached"}}},
      {"profile", {{"profile configs/quickstart.json --samples 4", "operators, shares of the peak, a trace"}}},
      {"list",
       {{"list methods", "their options too"},
        {"list config", "every key of a config"},
        {"list schedulers --format json", "for programs"}}},
      {"doctor",
       {{"doctor", "this program, and where it looks"},
        {"doctor my.json", "what this config lacks, and how long it takes"}}},
      {"completion",
       {{"completion bash > ~/.local/share/bash-completion/completions/skipbench", "for good, in bash"},
        {"completion zsh > \"${fpath[1]}/_skipbench\"", "in zsh"},
        {"completion fish > ~/.config/fish/completions/skipbench.fish", "in fish"}}}};
  static const std::vector<Example> none;
  const auto found = examples.find(command);
  return found == examples.end() ? none : found->second;
}

std::string RenderHelp(const HelpWanted& help) {
  std::string text;
  // In one line each: help2man takes no more for the synopsis.
  for (const auto& line : help.usage) text += (text.empty() ? "Usage: skipbench " : "   or: skipbench ") + line + "\n";
  if (const CommandEntry* command = Find(help.command)) {
    std::string summary = command->summary;
    summary[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(summary[0])));
    text += "\n" + Wrapped(summary + ".", 0, 0);
  }
  std::string inputs, options;
  for (const auto& line : help.options) {
    if (line.name == "input")
      inputs += "  " + Wrapped(line.help, 2, 2);
    else
      options += RenderOption(line);
  }
  if (!inputs.empty()) text += "\nArguments:\n" + inputs;
  text += "\nOptions:\n" + options + RenderOption({.name = "help", .letter = 'h', .help = "show this"});
  const auto& examples = ExamplesOf(help.command);
  if (!examples.empty()) text += "\nExamples:\n";
  for (const auto& [line, what] : examples) text += fmt::format("  skipbench {}\n", line) + Wrapped(what, 10, 0);
  return text;
}

}  // namespace skipbench::cli
