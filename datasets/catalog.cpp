#include "datasets/catalog.h"

#include <fmt/ranges.h>

#include "datasets/coco.h"
#include "datasets/prompts.h"
#include "harness/base/error.h"

namespace skipbench {

const std::vector<DatasetType>& DatasetTypes() {
  static const std::vector<DatasetType> types = {
      {"coco", "captions of MS-COCO (captions, images, caption, count, offset, seed)", ReadCoco},
      {"fashion_scenes", "the shipped captions and pictures (folder, caption, count, offset, seed)", ReadFashionScenes},
      {"prompts", "one prompt per line of a text file, or a list (file | prompts, images, count, offset, seed)", ReadPrompts},
      {"class_labels", "class labels in turn (labels | classes, per_class, count, offset, seed)", ReadClassLabels},
      {"unconditional", "numbered samples without a condition (count, offset)", ReadUnconditional},
  };
  return types;
}

std::unique_ptr<Dataset> MakeDataset(const JsonReader& config, const std::filesystem::path& base_folder) {
  const std::string name = config.String("type");
  std::vector<std::string> known;
  for (const DatasetType& type : DatasetTypes()) {
    if (type.name == name) return std::make_unique<Dataset>(type.read(config, base_folder));
    known.push_back(type.name);
  }
  config.FailAt("type", fmt::format("expected one of {}, found \"{}\"", fmt::join(known, ", "), name));
}

}  // namespace skipbench
