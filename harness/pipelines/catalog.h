// All pipelines, by the class that a model_index.json names. Adding one takes its own files and a line in catalog.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/published_file.h"
#include "harness/pipelines/model_source.h"
#include "harness/pipelines/pipeline.h"

namespace skipbench {

struct PipelineType {
  std::vector<std::string> class_names;  // of diffusers: _class_name of model_index.json
  std::string known_as;                  // what people call its models where the class does not say it: "ModelScope"
  std::function<std::unique_ptr<Pipeline>(const ModelSource&, const PipelineOptions&)> make;
  std::vector<PublishedFile> published;  // models of it that configs/ name
};

const std::vector<PipelineType>& PipelineTypes();

// A published model by the name that configs give it; null where none of them is known by it.
const PublishedFile* FindPublishedModel(const std::string& name);

// The pipeline of the source's class. Throws UnsupportedError that lists the known classes.
const PipelineType& FindPipelineType(const ModelSource& source);

// The type of the pipeline T, which is made from source and options.
template <typename T>
PipelineType PipelineTypeOf(std::vector<std::string> class_names, std::string known_as,
                            std::vector<PublishedFile> published) {
  return {
      std::move(class_names), std::move(known_as),
      [](const ModelSource& source, const PipelineOptions& options) { return std::make_unique<T>(source, options); },
      std::move(published)};
}

}  // namespace skipbench
