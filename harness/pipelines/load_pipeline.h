// From a model's folder or file to its pipeline.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "harness/pipelines/pipeline.h"

namespace skipbench {

// Opens a folder in diffusers' layout, or an original Stable Diffusion 1.x or SDXL checkpoint in one .safetensors file
// (whose tokenizer stands elsewhere: `tokenizer_folder`). Throws Error that names what is missing or unsupported,
// UnsupportedError for a pipeline class that is not in the catalog.
std::unique_ptr<Pipeline> LoadPipeline(const std::filesystem::path& path, const PipelineOptions& options);

// Reads the tokenizers of a model and nothing else: a line that says which files they are and whether the slow or the
// fast algorithm is in force, and why; "" for a model without. Errors as LoadPipeline().
std::string DescribeTokenizers(const std::filesystem::path& path, const PipelineOptions& options);

}  // namespace skipbench
