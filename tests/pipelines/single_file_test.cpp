// A pipeline opened from a single-file checkpoint does what the one from the model's folder does.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstdlib>

#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/text_to_image.h"
#include "tests/models/original_checkpoint.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::TempDir;

class SingleFilePipelines : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = testing::FixtureRoot() / "diffusion/models" / GetParam();
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no " << folder_;
    WriteTensorFile(file_, testing::OriginalCheckpoint(folder_));
  }
  SingleFileSource Source(const std::filesystem::path& tokenizers) {
    return SingleFileSource(SingleFile(file_, testing::TinyOverrides(folder_)), tokenizers);
  }

  c10::InferenceMode inference_;
  TempDir temp_;
  const std::filesystem::path file_ = temp_ / "model.safetensors";
  std::filesystem::path folder_;
};

TEST_P(SingleFilePipelines, PicturesAndConditioningAreTheFoldersOwn) {
  const auto expected = LoadPipeline(folder_, {});
  const std::vector<std::string> texts = {"a red chair!", "",
                                          "two dogs, one cat ! and a much longer caption than that"};
  at::manual_seed(3);
  const at::Tensor latent = at::randn({1, 4, 16, 16});
  // The second tokenizer of SDXL is derived from the first where there is only that.
  for (const auto& tokenizers : {folder_ / "tokenizer", folder_}) {
    SCOPED_TRACE(tokenizers.string());
    const TextToImage pipeline(Source(tokenizers), {});
    const auto a = pipeline.EncodeTexts(texts, false),
               b = dynamic_cast<const TextToImage&>(*expected).EncodeTexts(texts, false);
    EXPECT_EQ(testing::MaxAbsDiff(a.tokens, b.tokens), 0);
    if (b.pooled.defined()) {
      EXPECT_EQ(testing::MaxAbsDiff(a.pooled, b.pooled), 0);
    }
    EXPECT_TRUE(pipeline.Decode(latent).equal(expected->Decode(latent)));
    EXPECT_EQ(pipeline.info().class_name, expected->info().class_name);
    EXPECT_EQ(pipeline.info().scheduler_class, expected->info().scheduler_class);
    EXPECT_EQ(pipeline.info().latent_shape, expected->info().latent_shape);
    EXPECT_EQ(pipeline.info().image_shape, expected->info().image_shape);
    EXPECT_EQ(pipeline.info().files, std::vector<std::filesystem::path>{file_});
    EXPECT_EQ(pipeline.DenoiserMacs({}).total.matmuls, expected->DenoiserMacs({}).total.matmuls);
  }
}

TEST_P(SingleFilePipelines, TheTokenizerMustBeNamed) {
  ::unsetenv("SKIPBENCH_TOKENIZER_FOLDER");
  EXPECT_ERROR(TextToImage(Source({}), {}), "a single-file checkpoint holds no tokenizer");
  EXPECT_ERROR(TextToImage(Source(temp_ / "nowhere"), {}), "SKIPBENCH_TOKENIZER_FOLDER");
  ::setenv("SKIPBENCH_TOKENIZER_FOLDER", (folder_ / "tokenizer").c_str(), 1);
  EXPECT_NO_THROW(TextToImage(Source({}), {}));
  ::unsetenv("SKIPBENCH_TOKENIZER_FOLDER");
  std::filesystem::copy(folder_ / "tokenizer", temp_ / "tokenizer");
  EXPECT_NO_THROW(TextToImage(Source({}), {}));
  // One that pads otherwise is not the one that belongs to this checkpoint.
  if (std::filesystem::exists(folder_ / "tokenizer_2"))
    EXPECT_ERROR(TextToImage(Source(folder_ / "tokenizer_2"), {}), "pads with");
}

TEST_P(SingleFilePipelines, LoadPipelineTellsFilesFromFolders) {
  PipelineOptions shapes_only;
  shapes_only.shapes_only = true;
  const auto pipeline = LoadPipeline(file_, shapes_only);  // needs no tokenizer
  EXPECT_EQ(pipeline->info().kind, "text_to_image");
  EXPECT_EQ(FindModel("model.safetensors", temp_.path(), ""), file_);
  PipelineOptions options;
  options.variant = "fp16";
  EXPECT_ERROR(LoadPipeline(file_, options), "has no variants");
  options.variant.clear();
  options.tokenizer_folder = folder_ / "tokenizer";
  EXPECT_ERROR(LoadPipeline(folder_, options), "has its own tokenizer");
}

INSTANTIATE_TEST_SUITE_P(Tiny, SingleFilePipelines, ::testing::Values("sd15-tiny", "sdxl-tiny"),
                         [](const auto& info) { return std::string(info.param).substr(0, 4); });

}  // namespace
}  // namespace skipbench
