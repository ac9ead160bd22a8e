#include "datasets/prompts.h"

#include <fstream>

#include "harness/base/error.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxFile = uintmax_t{256} << 20;
constexpr int64_t kMaxSamples = 10'000'000;

std::vector<std::string> ReadLines(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) Fail("{}: no such file", path.string());
  const auto size = fs::file_size(path, error);
  if (error || size > kMaxFile) Fail("{}: cannot be read, or larger than {} bytes", path.string(), kMaxFile);
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find('\0') != std::string::npos) Fail("{}:{}: a zero byte: not a text file", path.string(), lines.size() + 1);
    lines.push_back(std::move(line));
  }
  if (in.bad()) Fail("{}: cannot be read", path.string());
  return lines;
}

bool IsBlank(const std::string& line) { return line.find_first_not_of(" \t\r\v\f") == std::string::npos; }

// "NAME<tab>PROMPT" of a list with pictures.
void TakeImage(Sample& sample, const fs::path& folder, const std::string& origin) {
  const size_t tab = sample.caption.find('\t');
  if (tab == std::string::npos)
    Fail("{}:{}: expected the picture's file name, a tab and the prompt", origin, sample.id + 1);
  sample.image = folder / sample.caption.substr(0, tab);
  sample.caption.erase(0, tab + 1);
  if (!fs::is_regular_file(sample.image)) Fail("{}: missing; line {} of {} names it", sample.image.string(), sample.id + 1, origin);
}

Dataset Choose(const std::string& name, const std::string& origin, std::vector<Sample> all, const Subset& subset,
               const JsonReader& config) {
  const size_t size = all.size();
  std::vector<Sample> chosen;
  for (size_t place : Select(subset, size, config)) chosen.push_back(std::move(all[place]));
  const std::string description = fmt::format("{}: {} samples", origin, Describe(subset, chosen.size(), size));
  return Dataset(name, description, std::move(chosen));
}

}  // namespace

Dataset ReadPrompts(const JsonReader& config, const fs::path& base_folder) {
  const bool inline_list = config.Has("prompts");
  if (inline_list == config.Has("file")) config.FailAt("file", "expected either \"file\" or a list \"prompts\"");
  const fs::path path = inline_list ? fs::path() : ResolvePath(config.String("file"), base_folder);
  const std::vector<std::string> lines = inline_list ? config.Strings("prompts") : ReadLines(path);
  const std::string origin = inline_list ? "prompts of the config" : path.string();
  std::optional<fs::path> pictures;
  if (config.Has("images")) pictures = ResolvePath(config.String("images"), base_folder);
  const Subset subset = ReadSubset(config);
  config.Ignore("type");
  config.RejectUnknownKeys();

  std::vector<Sample> samples;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (IsBlank(lines[i])) continue;
    Sample sample;
    sample.id = static_cast<int64_t>(i);
    sample.caption = lines[i];
    if (pictures) TakeImage(sample, *pictures, origin);
    samples.push_back(std::move(sample));
  }
  if (samples.empty()) Fail("{}: no prompts", origin);
  return Choose("prompts", origin, std::move(samples), subset, config);
}

Dataset ReadClassLabels(const JsonReader& config, const fs::path&) {
  if (config.Has("labels") == config.Has("classes")) config.FailAt("labels", "expected either a list \"labels\" or \"classes\"");
  std::vector<int64_t> labels;
  if (config.Has("labels")) {
    labels = config.Ints("labels");
    for (int64_t label : labels)
      if (label < 0 || label > INT32_MAX) config.FailAt("labels", fmt::format("{} is not a class", label));
    if (labels.empty()) config.FailAt("labels", "the list is empty");
  } else {
    const int64_t classes = config.Int("classes", 1, 1'000'000);
    for (int64_t label = 0; label < classes; ++label) labels.push_back(label);
  }
  const auto kinds = static_cast<int64_t>(labels.size());
  const int64_t per_class = config.IntOr("per_class", 1, 1, kMaxSamples / kinds);
  const Subset subset = ReadSubset(config);
  config.Ignore("type");
  config.RejectUnknownKeys();

  std::vector<Sample> samples(static_cast<size_t>(kinds * per_class));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = static_cast<int64_t>(i);
    samples[i].label = labels[i % labels.size()];
  }
  return Choose("class_labels", fmt::format("{} classes, {} each", kinds, per_class), std::move(samples), subset, config);
}

Dataset ReadUnconditional(const JsonReader& config, const fs::path&) {
  const int64_t count = config.Int("count", 1, kMaxSamples);
  const int64_t offset = config.IntOr("offset", 0, 0, INT64_MAX / 2);
  config.Ignore("type");
  config.RejectUnknownKeys();
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[static_cast<size_t>(i)].id = offset + i;
  return Dataset("unconditional", fmt::format("ids {} to {}", offset, offset + count - 1), std::move(samples));
}

}  // namespace skipbench
