#include "datasets/catalog.h"

#include <fmt/ranges.h>

#include "datasets/cifar10.h"
#include "datasets/coco.h"
#include "datasets/imagenet.h"
#include "datasets/lsun.h"
#include "datasets/prompts.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {

const std::vector<DatasetType>& DatasetTypes() {
  static const std::vector<DatasetType> types = {
      {"coco", "captions of MS-COCO: captions_val2014.json, captions_val2017.json, or Karpathy's dataset_coco.json (captions, images, caption, split, count, "
                "offset, seed, reference)", ReadCoco},
      {"fashion_scenes", "the shipped captions and pictures (folder, caption, count, offset, seed, reference)", ReadFashionScenes},
      {"prompts", "prompts of images or videos: a file (.txt, .csv, .tsv, .json, .jsonl) or a list in the config (file | prompts, format, prompt_column, images, "
                  "image_column, split, count, offset, seed)", ReadPrompts},
      {"imagenet", "ImageNet's classes, balanced or random (count, sampling, seed, offset, classes, names, reference)", ReadImageNet},
      {"class_labels", "given class labels in turn (labels | classes, per_class, count, offset, seed)", ReadClassLabels},
      {"cifar10", "samples for an unconditional model beside CIFAR-10's binary version (folder, split, partial, count, offset)", ReadCifar10},
      {"lsun", "samples for an unconditional model beside an LSUN database or folder (folder, count, offset)", ReadLsun},
      {"unconditional", "numbered samples without a condition (count, offset, reference)", ReadUnconditional},
  };
  return types;
}

namespace {

// Results keep captions as they are: what they cannot keep is refused here, not when the first wave is stored. JSON can spell any
// character, a zero byte among them.
void RequireText(const Dataset& dataset, const JsonReader& config) {
  const std::string file = dataset.lists().empty() ? config.file() : dataset.lists().begin()->second.string();
  for (const auto& sample : dataset.samples()) {
    if (const std::string why = WhyNotText(sample.caption); !why.empty())
      Fail("{}: the caption of sample {}, \"{}\": {}", file, sample.id, Printable(CleanText(sample.caption)), why);
  }
}

}  // namespace

std::unique_ptr<Dataset> MakeDataset(const JsonReader& config, const std::filesystem::path& base_folder) {
  const std::string name = config.String("type");
  std::vector<std::string> known;
  for (const DatasetType& type : DatasetTypes()) {
    if (type.name == name) {
      auto dataset = std::make_unique<Dataset>(type.read(config, base_folder));
      RequireText(*dataset, config);
      return dataset;
    }
    known.push_back(type.name);
  }
  config.FailAt("type", fmt::format("expected one of {}, found \"{}\"{}", fmt::join(known, ", "), name, DidYouMean(name, known)));
}

}  // namespace skipbench
