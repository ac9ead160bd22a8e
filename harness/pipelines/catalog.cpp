#include "harness/pipelines/catalog.h"

#include <fmt/ranges.h>

#include "harness/pipelines/class_to_image.h"
#include "harness/pipelines/dit.h"
#include "harness/pipelines/flux.h"
#include "harness/pipelines/image_to_video.h"
#include "harness/pipelines/pixart.h"
#include "harness/pipelines/stable_diffusion_3.h"
#include "harness/pipelines/text_to_image.h"
#include "harness/pipelines/text_to_video.h"
#include "harness/pipelines/unconditional.h"
#include "harness/pipelines/wan.h"

namespace skipbench {

const std::vector<PipelineType>& PipelineTypes() {
  static const std::vector<PipelineType> types = {
      TextToImagePipelineType(),  TextToVideoPipelineType(),      ImageToVideoPipelineType(),
      ClassToImagePipelineType(), UnconditionalPipelineType(),    DiTPipelineType(),
      PixArtPipelineType(),       StableDiffusion3PipelineType(), FluxPipelineType(),
      WanPipelineType(),
  };
  return types;
}

const PublishedFile* FindPublishedModel(const std::string& name) {
  for (const auto& type : PipelineTypes())
    for (const auto& file : type.published)
      if (file.name == name) return &file;
  return nullptr;
}

const PipelineType& FindPipelineType(const ModelSource& source) {
  const std::string name = source.index().class_name();
  std::vector<std::string> known;
  for (const auto& type : PipelineTypes()) {
    for (const auto& class_name : type.class_names) {
      if (class_name == name) return type;
      known.push_back(type.known_as.empty() ? class_name : fmt::format("{} ({})", class_name, type.known_as));
    }
  }
  FailUnsupported("{}: a {} is not supported; supported: {}", source.index().file(), name, fmt::join(known, ", "));
}

}  // namespace skipbench
