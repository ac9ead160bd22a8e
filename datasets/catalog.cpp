#include "datasets/catalog.h"

#include <algorithm>

#include "datasets/cifar10.h"
#include "datasets/coco.h"
#include "datasets/imagenet.h"
#include "datasets/lsun.h"
#include "datasets/prompts.h"
#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {

const std::vector<DatasetType>& DatasetTypes() {
  static const std::vector<DatasetType> types = {
      CocoType(),        FashionScenesType(), PromptsType(), ImageNetType(),
      ClassLabelsType(), Cifar10Type(),       LsunType(),    UnconditionalType(),
  };
  return types;
}

namespace {

// Results keep captions as they are: what they cannot keep is refused here, not when the first wave is stored. JSON can
// spell any character, a zero byte among them.
void RequireText(const Dataset& dataset, const JsonReader& config) {
  const std::string file = dataset.lists().empty() ? config.file() : dataset.lists().begin()->second.string();
  for (const auto& sample : dataset.samples()) {
    if (const std::string why = WhyNotText(sample.caption); !why.empty())
      Fail("{}: the caption of sample {}, \"{}\": {}", file, sample.id, Printable(CleanText(sample.caption)), why);
  }
}

}  // namespace

std::unique_ptr<Dataset> MakeDataset(const JsonReader& config, const std::filesystem::path& base_folder) {
  std::vector<std::string> names;
  for (const DatasetType& type : DatasetTypes()) names.push_back(type.name);
  const std::string name = config.OneOf("type", config.String("type"), names);
  const auto type = std::ranges::find(DatasetTypes(), name, &DatasetType::name);
  auto dataset = std::make_unique<Dataset>(type->read(config, base_folder));
  RequireText(*dataset, config);
  return dataset;
}

}  // namespace skipbench
