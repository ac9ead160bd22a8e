// Prompts that are longer than what a text encoder takes: they are cut at its limit without a word by every pipeline.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/base/sample.h"
#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/pipelines/pipeline.h"

namespace skipbench {

// One sentence for people on each kind of prompt that the model in `path` cuts: how many of the samples' captions, what
// the first of them loses, how many of them are then equal to another; and the negative prompt. Nothing where nothing
// is cut or the model has no text encoder. Opens the tokenizers, no weights. Throws Error as LoadPipeline does for
// tokenizers that are missing.
std::vector<std::string> DescribeCutPrompts(const std::filesystem::path& path, const PipelineOptions& options,
                                            std::span<const Sample> samples);

// The end of `text`, from the first word on of which a token lies behind the limit of `tokenizer`; empty where all of
// it is taken.
std::string CutOff(const ClipTokenizer& tokenizer, const std::string& text);

}  // namespace skipbench
