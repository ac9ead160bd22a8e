#include "harness/pipelines/class_to_image.h"
#include "harness/pipelines/text_to_image.h"
#include "harness/pipelines/unconditional.h"

namespace skipbench {

std::unique_ptr<Pipeline> LoadPipeline(const std::filesystem::path& path, const PipelineOptions& options) {
  const ModelFolder folder(path);
  const std::string& type = folder.class_name();
  if (type == "StableDiffusionPipeline" || type == "StableDiffusionXLPipeline") return std::make_unique<TextToImage>(folder, options);
  if (type == "ClassConditionalLDMPipeline") return std::make_unique<ClassToImage>(folder, options);
  if (type == "DDPMPipeline" || type == "DDIMPipeline") return std::make_unique<Unconditional>(folder, options);
  FailUnsupported("{}: a {} is not supported; supported: StableDiffusionPipeline, StableDiffusionXLPipeline, "
                  "ClassConditionalLDMPipeline (LDM-4), DDPMPipeline, DDIMPipeline", folder.index_file(), type);
}

}  // namespace skipbench
