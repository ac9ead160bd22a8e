#include "datasets/coco.h"

#include <algorithm>
#include <random>

#include "datasets/coco_file.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Which of a picture's captions; nothing: a random one.
std::optional<size_t> ReadCaptionIndex(const JsonReader& config) {
  const Json* value = config.Find("caption");
  if (!value || value->is_null()) return 0;
  if (!value->is_string()) return static_cast<size_t>(config.Int("caption", 0, 1000));
  if (*value == "random") return std::nullopt;
  if (*value != "first") config.FailAt("caption", "expected \"first\", \"random\" or a number from 0, found " + Describe(*value));
  return 0;
}

// Depends on the seed and the picture alone, not on which others are chosen.
size_t RandomCaption(uint64_t seed, int64_t image_id, size_t count) {
  std::mt19937_64 generator(seed * 0x9E3779B97F4A7C15 + static_cast<uint64_t>(image_id));
  generator.discard(8);
  return static_cast<size_t>(UniformBelow(generator, count));
}

// The picture's file; a file name is no way out of the folder.
fs::path ImagePath(const fs::path& folder, int64_t id, const CocoImage& image, const std::string& file) {
  const fs::path name(image.file_name);
  const bool leaves = name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
  if (leaves || name.empty()) Fail("{}: image {}: the file name \"{}\" is not one inside a folder", file, id, image.file_name);
  std::error_code error;
  // Karpathy's file also says in which folder of COCO's own tree the picture is; that may be the one given, or in it.
  const fs::path inner(image.folder);
  if (!image.folder.empty() && inner == inner.filename() && inner != ".." && fs::is_regular_file(folder / inner / name, error)) return folder / inner / name;
  if (!fs::is_regular_file(folder / name, error)) Fail("{}: missing; {} names it for image {}", (folder / name).string(), file, id);
  return folder / name;
}

Dataset ReadCaptions(const std::string& name, const fs::path& captions, const std::optional<fs::path>& pictures,
                     const JsonReader& config, const fs::path& base_folder) {
  const std::optional<size_t> wanted = ReadCaptionIndex(config);
  const Subset subset = ReadSubset(config);
  auto reference = ReadReference(config, base_folder);
  if (!reference) reference = pictures;
  const std::string split = config.StringOr("split", "");
  config.Ignore("type");
  config.RejectUnknownKeys();

  const std::string file = captions.string();
  const Json root = ReadJsonFile(captions);
  const CocoCaptions coco = ReadCocoCaptions(root, file, split);
  const auto& images = coco.images;
  std::vector<int64_t> ids;
  for (const auto& [id, image] : images) ids.push_back(id);

  std::vector<Sample> samples;
  for (size_t place : Select(subset, ids.size(), config)) {
    const CocoImage& image = images.at(ids[place]);
    if (image.captions.empty()) Fail("{}: image {} ({}) has no caption", file, ids[place], image.file_name);
    const size_t which = wanted.value_or(RandomCaption(subset.seed.value_or(0), ids[place], image.captions.size()));
    if (which >= image.captions.size())
      config.FailAt("caption", fmt::format("caption {} is asked for, but image {} of {} has only {}", which, ids[place], file,
                                           image.captions.size()));
    Sample sample;
    sample.id = ids[place];
    sample.caption = image.captions[which].second;
    if (pictures) sample.image = ImagePath(*pictures, ids[place], image, file);
    samples.push_back(std::move(sample));
  }
  const std::string caption = wanted ? fmt::format("caption {}", *wanted) : fmt::format("a random caption each (seed {})", subset.seed.value_or(0));
  std::string part;
  if (!coco.splits.empty()) part = split.empty() ? fmt::format(" of all splits ({})", DescribeSplits(coco)) : fmt::format(" of the split {}", split);
  const std::string description = fmt::format("{}: {} images{}, {}", file, Describe(subset, samples.size(), ids.size()), part, caption);
  Dataset dataset(name, description, std::move(samples));
  if (reference) dataset.SetReference(*reference);
  dataset.SetList("captions", captions);
  return dataset;
}

}  // namespace

Dataset ReadCoco(const JsonReader& config, const fs::path& base_folder) {
  std::optional<fs::path> pictures;
  if (config.Has("images")) pictures = ResolvePath(config.String("images"), base_folder);
  return ReadCaptions("coco", ResolvePath(config.String("captions"), base_folder), pictures, config, base_folder);
}

Dataset ReadFashionScenes(const JsonReader& config, const fs::path& base_folder) {
  const fs::path folder = config.Has("folder") ? ResolvePath(config.String("folder"), base_folder) : ShippedFolder("fashion_scenes");
  if (!fs::exists(folder / "captions.json"))
    config.FailAt("folder", fmt::format("{} is missing; give the folder of the shipped data", (folder / "captions.json").string()));
  return ReadCaptions("fashion_scenes", folder / "captions.json", folder / "images", config, base_folder);
}

}  // namespace skipbench
