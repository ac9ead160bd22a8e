#include "datasets/prompts.h"

#include <map>
#include <set>

#include "datasets/prompt_file.h"
#include "harness/base/error.h"
#include "harness/io/image.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxSamples = 10'000'000;

std::vector<PromptRow> ReadRows(const JsonReader& config, const fs::path& path) {
  if (config.Has("prompts")) {
    std::vector<PromptRow> rows;
    for (auto& prompt : config.Strings("prompts")) rows.push_back({static_cast<int64_t>(rows.size()), std::move(prompt), "", ""});
    return rows;
  }
  PromptFormat format;
  if (config.Has("format")) format.format = config.OneOf("format", "", PromptFormats());
  format.prompt_column = config.StringOr("prompt_column", "");
  format.image_column = config.StringOr("image_column", "");
  format.images = config.Has("images");
  format.split = config.StringOr("split", "");
  return ReadPromptFile(path, format);
}

Dataset Choose(const std::string& name, const std::string& origin, std::vector<Sample> all, const Subset& subset,
               const JsonReader& config) {
  const size_t size = all.size();
  std::vector<Sample> chosen;
  for (size_t place : Select(subset, size, config)) chosen.push_back(std::move(all[place]));
  const std::string description = fmt::format("{}: {} samples", origin, Describe(subset, chosen.size(), size));
  return Dataset(name, description, std::move(chosen));
}

// Reads every picture, each file once: a long run shall not end at one that is broken.
void CheckPictures(const std::vector<Sample>& samples, const std::map<int64_t, std::string>& named_at) {
  std::set<fs::path> read;
  for (const auto& sample : samples) {
    if (!read.insert(sample.image).second) continue;
    const std::string& place = named_at.at(sample.id);
    std::error_code error;
    if (!sample.image.has_filename()) Fail("{}: no picture is named", place);
    if (!fs::exists(sample.image, error)) Fail("{}: the picture {} is missing", place, sample.image.string());
    try {
      ReadUprightImage(sample.image);
    } catch (const Error& e) {
      Fail("{}: {}", place, e.what());
    }
  }
}

}  // namespace

Dataset ReadPrompts(const JsonReader& config, const fs::path& base_folder) {
  const bool inline_list = config.Has("prompts");
  if (inline_list == config.Has("file")) config.FailAt("file", "expected either \"file\" or a list \"prompts\"");
  const fs::path path = inline_list ? fs::path() : ResolvePath(config.String("file"), base_folder);
  const std::string origin = inline_list ? "prompts of the config" : path.string();
  std::optional<fs::path> pictures;
  if (config.Has("images")) pictures = ResolvePath(config.String("images"), base_folder);
  if (inline_list && pictures) config.FailAt("images", "goes with a \"file\" that names the pictures");
  auto rows = ReadRows(config, path);
  const Subset subset = ReadSubset(config);
  config.Ignore("type");
  config.RejectUnknownKeys();

  std::vector<Sample> samples;
  std::map<int64_t, std::string> named_at;                        // by id: where the list names the picture
  for (auto& row : rows) {
    Sample sample;
    if (pictures) named_at[row.number] = row.place;
    sample.id = row.number;
    sample.caption = std::move(row.prompt);
    if (pictures) sample.image = *pictures / row.image;
    samples.push_back(std::move(sample));
  }
  if (samples.empty()) Fail("{}: no prompts", origin);
  Dataset dataset = Choose("prompts", origin, std::move(samples), subset, config);
  if (!inline_list) dataset.SetList("file", path);
  if (pictures) CheckPictures(dataset.samples(), named_at);
  return dataset;
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

Dataset ReadUnconditional(const JsonReader& config, const fs::path& base_folder) {
  const int64_t count = config.Int("count", 1, kMaxSamples);
  const int64_t offset = config.IntOr("offset", 0, 0, INT64_MAX / 2);
  const auto reference = ReadReference(config, base_folder);
  config.Ignore("type");
  config.RejectUnknownKeys();
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[static_cast<size_t>(i)].id = offset + i;
  Dataset dataset("unconditional", fmt::format("ids {} to {}", offset, offset + count - 1), std::move(samples));
  if (reference) dataset.SetReference(*reference);
  return dataset;
}

}  // namespace skipbench
