// Model folders as people have them: parts of a variant, configs of EMA copies, Git LFS pointers, a Hugging Face cache,
// float8 weights, another autoencoder; and prompts longer than the text encoder's limit.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/prompt_limit.h"
#include "tests/models/original_checkpoint.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::WriteFile;

constexpr const char* kWeights = "diffusion_pytorch_model.safetensors";

class Folders : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(testing::SourceDir() / "datasets/fashion_scenes/model", model_, fs::copy_options::recursive);
  }
  void Edit(const std::string& component, const Json& values) {
    const fs::path file = model_ / component / "config.json";
    Json config = ReadJsonFile(file);
    config.update(values);
    WriteFile(file, config.dump());
  }
  std::vector<std::string> Notes(PipelineOptions options = {}) { return LoadPipeline(model_, options)->info().notes; }
  at::Tensor Decoded(PipelineOptions options = {}) {
    const auto pipeline = LoadPipeline(model_, options);
    at::manual_seed(3);
    return pipeline->Decode(at::randn({1, pipeline->info().latent_shape[0], 16, 16}));
  }
  // The autoencoder's weights with all values of the last convolution's bias moved, so that pictures differ.
  std::map<std::string, at::Tensor> OtherVae() const {
    auto tensors = ReadTensorFile(model_ / "vae" / kWeights);
    tensors["decoder.conv_out.bias"].add_(0.5);
    return tensors;
  }

  c10::InferenceMode inference_;
  testing::TempDir temp_;
  const fs::path model_ = temp_ / "model";
};

TEST_F(Folders, KeysThatChangeNothingAreNotedOthersRefused) {
  EXPECT_TRUE(Notes().empty());
  Edit("unet", {{"decay", 0.9999},
                {"inv_gamma", 1.0},
                {"min_decay", 0.0},
                {"optimization_step", 10000},
                {"power", 2. / 3},
                {"update_after_step", 0},
                {"use_ema_warmup", false},
                {"of_a_newer_version", nullptr},
                {"_use_default_values", {"x"}},
                {"norm_type", "group"}});
  Edit("vae", {{"dropout", 0.0}, {"torch_dtype", "float32"}});
  EXPECT_THAT(Notes(), ElementsAre("model: the config of unet has keys that change nothing here: decay, inv_gamma, "
                                   "min_decay, of_a_newer_version, "
                                   "optimization_step, power, update_after_step, use_ema_warmup",
                                   "model: the config of vae has keys that change nothing here: torch_dtype"));
  Edit("unet", {{"of_a_newer_version", true}});
  EXPECT_ERROR(Notes(), "of_a_newer_version: unknown key");
  Edit("unet", {{"of_a_newer_version", nullptr}});
  Edit("vae", {{"dropout", 0.1}});
  EXPECT_ERROR(Notes(), "dropout: unknown key");
}

TEST_F(Folders, AVariantForPartOfTheFolder) {
  fs::rename(model_ / "unet" / kWeights, model_ / "unet/diffusion_pytorch_model.fp16.safetensors");
  EXPECT_ERROR(Notes(), "there is diffusion_pytorch_model.fp16.safetensors");
  PipelineOptions options;
  options.variant = "fp16";
  EXPECT_THAT(
      Notes(options),
      ElementsAre("model: variant \"fp16\" is there for unet only; vae, text_encoder are read from the plain files"));
  const auto files = LoadPipeline(model_, options)->info().files;
  EXPECT_THAT(files, ElementsAre(model_ / "unet/diffusion_pytorch_model.fp16.safetensors",
                                 model_ / "text_encoder/model.safetensors", model_ / "vae" / kWeights));
  options.variant = "bf16";
  EXPECT_ERROR(Notes(options),
               "variant \"bf16\": no component has weights of this variant (looked at unet, vae, text_encoder)");
}

TEST_F(Folders, GitLfsPointersAreNamed) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 3438167540\n";
  for (const std::string file :
       {"unet/diffusion_pytorch_model.safetensors", "tokenizer/merges.txt", "vae/config.json", "model_index.json"}) {
    const std::string whole = testing::ReadFile(model_ / file);
    WriteFile(model_ / file, pointer);
    EXPECT_ERROR(Notes(), (model_ / file).string() +
                              ": a Git LFS pointer, not the file itself (which has 3438167540 bytes, sha256:0123)");
    WriteFile(model_ / file, whole);
  }
}

TEST_F(Folders, HuggingFaceCache) {
  const fs::path cached = temp_ / "hub/models--some-org--some-model", first = cached / "snapshots/aaa";
  fs::create_directories(cached / "snapshots");
  EXPECT_ERROR(FindModel(cached.string(), temp_.path(), ""), "without a snapshot");
  fs::rename(model_, first);
  EXPECT_EQ(FindModel(cached.string(), temp_.path(), ""), first);  // the only one
  EXPECT_EQ(FindModel(cached.string() + "/", temp_.path(), ""), first);
  EXPECT_EQ(FindModel("some-org/some-model", temp_.path(), (temp_ / "hub").string()), first);
  EXPECT_EQ(ModelName(first), "some-model");
  fs::copy(first, cached / "snapshots/bbb", fs::copy_options::recursive);
  EXPECT_ERROR(
      FindModel(cached.string(), temp_.path(), ""),
      "2 snapshots, of which refs/main names none; name one of " + (cached / "snapshots").string() + ": aaa, bbb");
  WriteFile(cached / "refs/main", "bbb");
  EXPECT_EQ(FindModel(cached.string(), temp_.path(), ""), cached / "snapshots/bbb");
  EXPECT_EQ(FindModel((cached / "snapshots").string(), temp_.path(), ""), cached / "snapshots/bbb");
  fs::remove(cached / "snapshots/bbb/model_index.json");
  EXPECT_ERROR(FindModel(cached.string(), temp_.path(), ""),
               "snapshots/bbb: this snapshot of the Hugging Face cache has no model_index.json");
  EXPECT_ERROR(FindModel("hub", temp_.path(), ""),
               "a Hugging Face cache of several repositories; name one of them: models--some-org--some-model");
  EXPECT_ERROR(FindModel((first / "unet").string(), temp_.path(), ""), "a component of the model in " + first.string());
  testing::WriteFile(temp_ / "lora/pytorch_lora_weights.safetensors", "x");
  EXPECT_ERROR(FindModel("lora", temp_.path(), ""),
               "LoRA weights (pytorch_lora_weights.safetensors), which are not supported");
  testing::WriteFile(temp_ / "control/config.json", R"({"_class_name": "ControlNetModel"})");
  EXPECT_ERROR(FindModel("control", temp_.path(), ""), "one network (ControlNetModel) by itself, not a model");
  testing::WriteFile(temp_ / "checkpoint-500/unet/config.json", "{}");
  EXPECT_ERROR(FindModel("checkpoint-500", temp_.path(), ""), "holds the folder unet, but no model_index.json");
  testing::WriteFile(temp_ / "model.ckpt", "x");
  EXPECT_ERROR(FindModel("model.ckpt", temp_.path(), ""), "model.ckpt: a pickle (PyTorch checkpoint)");
  testing::WriteFile(temp_ / "model.gguf", "GGUF");
  EXPECT_ERROR(FindModel("model.gguf", temp_.path(), ""), "model.gguf: a GGUF file; a model is a folder");
  // Without the folder blobs a snapshot is a folder of links to nothing.
  fs::remove(first / "unet" / kWeights);
  fs::create_symlink("../../../blobs/0123", first / "unet" / kWeights);
  EXPECT_ERROR(LoadPipeline(first, {}), "a link to ../../../blobs/0123, which is missing");
}

TEST_F(Folders, Float8IsConvertedWhenItIsLoaded) {
  for (const auto type : {at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
    auto tensors = ReadTensorFile(model_ / "vae" / kWeights), rounded = tensors;
    for (auto& [name, tensor] : tensors) {
      rounded[name] = tensor.to(type).to(at::kFloat);
      tensor = tensor.to(type);
    }
    WriteTensorFile(model_ / "vae" / kWeights, tensors);
    const at::Tensor from_float8 = Decoded();
    WriteTensorFile(model_ / "vae" / kWeights, rounded);
    EXPECT_TRUE(from_float8.equal(Decoded()));
  }
}

// Saved from torch.compile(unet) or DataParallel(vae): the names are those of the network inside, and it is said.
TEST_F(Folders, WrappedNetworks) {
  const at::Tensor own = Decoded();
  for (const char* prefix : {"module.", "_orig_mod."}) {
    auto tensors = ReadTensorFile(model_ / "vae" / kWeights), wrapped = std::map<std::string, at::Tensor>();
    for (const auto& [name, tensor] : tensors) wrapped[prefix + name] = tensor;
    WriteTensorFile(model_ / "vae" / kWeights, wrapped);
    EXPECT_TRUE(Decoded().equal(own)) << prefix;
    EXPECT_THAT(Notes(), ElementsAre("model: " + (model_ / "vae" / kWeights).string() +
                                     ": saved from a wrapped network (torch.compile's or DataParallel's); " + prefix +
                                     " is left out of its tensors' names"));
    WriteTensorFile(model_ / "vae" / kWeights, tensors);
  }
}

TEST_F(Folders, AnotherAutoencoder) {
  const at::Tensor own = Decoded();
  const auto other = OtherVae();
  fs::copy(model_ / "vae", temp_ / "other", fs::copy_options::recursive);
  WriteTensorFile(temp_ / "other" / kWeights, other);
  fs::create_directory(temp_ / "whole");
  fs::copy(model_, temp_ / "whole/model", fs::copy_options::recursive);
  WriteTensorFile(temp_ / "whole/model/vae" / kWeights, other);
  WriteTensorFile(temp_ / "diffusers.safetensors", other);

  PipelineOptions options;
  at::Tensor expected;
  for (const std::string name : {"other", "whole/model", "diffusers.safetensors"}) {
    SCOPED_TRACE(name);
    options.vae = FindVae(name, temp_.path(), "");
    const at::Tensor pictures = Decoded(options);
    EXPECT_FALSE(pictures.equal(own));
    if (!expected.defined()) expected = pictures;
    EXPECT_TRUE(pictures.equal(expected));
    const auto info = LoadPipeline(model_, options)->info();
    EXPECT_THAT(info.notes, ElementsAre(HasSubstr("model: the autoencoder is " + options.vae.string())));
    EXPECT_EQ(info.files.back(), fs::is_directory(options.vae) ? options.vae / kWeights : options.vae);
  }
  EXPECT_ERROR(FindVae("nowhere", temp_.path(), ""), "vae \"nowhere\": no folder with a config.json");
  WriteTensorFile(temp_ / "no.safetensors", {{"x", at::ones({1})}});
  options.vae = temp_ / "no.safetensors";
  EXPECT_ERROR(Decoded(options), "no autoencoder");
  options.vae = model_ / "unet";
  EXPECT_ERROR(Decoded(options), "_class_name: expected \"AutoencoderKL\"");
}

// CompVis' names, of an autoencoder with the four levels that Stable Diffusion's have.
TEST_F(Folders, AnAutoencodersOriginalFile) {
  const fs::path folder = testing::FixtureRoot() / "diffusion/models/sd15-tiny";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder;
  const auto checkpoint = testing::OriginalCheckpoint(folder);
  std::map<std::string, at::Tensor> alone;
  for (const auto& [name, tensor] : checkpoint)
    if (const std::string prefix = "first_stage_model."; name.starts_with(prefix))
      alone[name.substr(prefix.size())] = tensor;
  alone["loss.logvar"] = at::zeros({});
  WriteTensorFile(temp_ / "vae.safetensors", alone);
  WriteTensorFile(temp_ / "whole.safetensors", checkpoint);
  at::manual_seed(3);
  const at::Tensor latent = at::randn({1, 4, 16, 16}), expected = LoadPipeline(folder, {})->Decode(latent);
  for (const char* name : {"vae.safetensors", "whole.safetensors"}) {
    PipelineOptions options;
    options.vae = temp_ / name;
    EXPECT_TRUE(LoadPipeline(folder, options)->Decode(latent).equal(expected)) << name;
  }
}

TEST_F(Folders, CutPromptsAreSaid) {
  const std::string start =
      "a red shirt beside a blue bag and a green shoe a red shirt beside a blue bag and a green shoe a red shirt "
      "beside a blue bag and a green shoe";
  std::vector<Sample> samples(3);
  samples[0].caption = "a red shirt";
  samples[1].caption = start + " at night";
  samples[2].caption = start + " in the morning";
  for (int i = 0; i < 3; ++i) samples[static_cast<size_t>(i)].id = 10 + i;
  EXPECT_TRUE(DescribeCutPrompts(model_, {}, {samples.data(), 1}).empty());
  PipelineOptions options;
  options.shapes_only = true;
  const auto notes = DescribeCutPrompts(model_, options, samples);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("prompts: 2 of 3 are longer than the text encoder's 32 tokens (both ends included) "
                                  "and cut there; the first, sample 11, loses \""));
  EXPECT_THAT(notes[0], HasSubstr("at night\"; of what is left, 1 is equal to that of another prompt"));
  const auto tokenizer = ClipTokenizer::Load(model_ / "tokenizer");
  const std::string cut = CutOff(tokenizer, samples[1].caption),
                    kept = samples[1].caption.substr(0, samples[1].caption.size() - cut.size());
  EXPECT_LE(tokenizer.Tokenize(kept).size(), 30u);
  EXPECT_GT(tokenizer.Tokenize(kept + cut.substr(0, cut.find(' '))).size(), 30u);
  EXPECT_EQ(CutOff(tokenizer, "a red shirt"), "");
  options.negative_prompt = samples[2].caption;
  EXPECT_THAT(DescribeCutPrompts(model_, options, {samples.data(), 1}),
              ElementsAre(HasSubstr("negative_prompt: longer than the text encoder's 32 tokens")));
}

}  // namespace
}  // namespace skipbench
