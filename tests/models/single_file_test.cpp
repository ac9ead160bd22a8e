// Original single-file checkpoints, made from the fixtures' tiny models, against those models' own folders.
#include "harness/models/single_file.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/autoencoder_kl.h"
#include "harness/models/clip_text.h"
#include "harness/models/load.h"
#include "tests/models/original_checkpoint.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::TempDir;
using testing::Tensors;

class SingleFileModels : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = testing::FixtureRoot() / "diffusion/models" / GetParam();
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no " << folder_;
    tensors_ = testing::OriginalCheckpoint(folder_);
    overrides_ = testing::TinyOverrides(folder_);
  }
  SingleFile Open(const Json& overrides) {
    WriteTensorFile(temp_ / "model.safetensors", tensors_);
    return SingleFile(temp_ / "model.safetensors", overrides);
  }
  bool xl() const { return std::string(GetParam()) == "sdxl-tiny"; }

  c10::InferenceMode inference_;
  TempDir temp_;
  std::filesystem::path folder_;
  Tensors tensors_;
  Json overrides_;
};

at::Tensor Random(at::IntArrayRef shape) {
  at::manual_seed(7);
  return at::randn(shape);
}

TEST_P(SingleFileModels, UNetIsTheFoldersOwn) {
  const SingleFile file = Open(overrides_);
  const JsonReader config(file.ConfigOf("unet"), "unet");
  const Weights weights = file.OpenWeights("unet");
  const auto unet = MakeNetwork(config, weights);
  weights.Finish();
  NetworkInputs inputs;
  inputs.sample = Random({2, 4, 16, 16});
  inputs.timestep = 321;
  inputs.conditioning["encoder_hidden_states"] = Random({2, 77, config.Int("cross_attention_dim")});
  if (xl()) {
    inputs.conditioning["text_embeds"] = Random({2, 20});
    inputs.conditioning["time_ids"] = at::full({2, 6}, 128.0);
  }
  const at::Tensor expected = LoadFolder<Network>(folder_ / "unet")->Forward(inputs).sample;
  EXPECT_GT(expected.abs().max().item<double>(), 0);
  EXPECT_EQ(testing::MaxAbsDiff(unet->Forward(inputs).sample, expected), 0);
}

TEST_P(SingleFileModels, AutoencoderIsTheFoldersOwn) {
  const SingleFile file = Open(overrides_);
  const Weights weights = file.OpenWeights("vae");
  const AutoencoderKL vae(AutoencoderKL::ParseConfig(JsonReader(file.ConfigOf("vae"), "vae")), weights);
  weights.Finish();
  const auto expected = LoadFolder<AutoencoderKL>(folder_ / "vae");
  EXPECT_EQ(vae.config().scaling_factor, expected->config().scaling_factor);
  const at::Tensor z = Random({1, 4, 8, 8}), picture = Random({1, 3, 64, 64});
  EXPECT_EQ(testing::MaxAbsDiff(vae.Decode(z), expected->Decode(z)), 0);
  EXPECT_EQ(testing::MaxAbsDiff(vae.Encode(picture), expected->Encode(picture)), 0);
}

TEST_P(SingleFileModels, TextEncodersAreTheFoldersOwn) {
  const SingleFile file = Open(overrides_);
  const at::Tensor ids = at::arange(2 * 77).view({2, 77}) * 11;
  for (const std::string component : {"text_encoder", "text_encoder_2"}) {
    if (component == "text_encoder_2" && !xl()) continue;
    SCOPED_TRACE(component);
    const Weights weights = file.OpenWeights(component);
    const CLIPTextModel model(CLIPTextModel::ParseConfig(JsonReader(file.ConfigOf(component), component)), weights);
    weights.Finish();
    const auto expected = LoadFolder<CLIPTextModel>(folder_ / component)->Forward(ids), output = model.Forward(ids);
    EXPECT_EQ(testing::MaxAbsDiff(output.last_hidden_state, expected.last_hidden_state), 0);
    EXPECT_EQ(testing::MaxAbsDiff(output.penultimate(), expected.penultimate()), 0);
    EXPECT_EQ(output.text_embeds.defined(), expected.text_embeds.defined());
    if (expected.text_embeds.defined()) {
      EXPECT_EQ(testing::MaxAbsDiff(output.text_embeds, expected.text_embeds), 0);
    }
  }
}

// Whatever shapes can tell agrees with the folder's configs.
TEST_P(SingleFileModels, ConfigsAreReadOffTheShapes) {
  const SingleFile file = Open(Json::object());
  const auto compare = [&](const char* component, const Json& keys) {
    const Json expected = ReadJsonFile(folder_ / component / "config.json");
    for (const std::string key : keys) {
      if (!expected.contains(key)) continue;
      EXPECT_EQ(file.ConfigOf(component).at(key), expected.at(key)) << component << " " << key;
    }
  };
  compare("unet", {"in_channels", "out_channels", "block_out_channels", "layers_per_block", "down_block_types",
                   "up_block_types", "transformer_layers_per_block", "cross_attention_dim", "use_linear_projection",
                   "norm_num_groups", "addition_embed_type", "addition_time_embed_dim",
                   "projection_class_embeddings_input_dim"});
  compare("vae", {"in_channels", "out_channels", "latent_channels", "block_out_channels", "layers_per_block",
                  "down_block_types", "up_block_types", "norm_num_groups", "scaling_factor"});
  for (const char* component : {"text_encoder", "text_encoder_2"})
    if (xl() || std::string(component) == "text_encoder")
      compare(component, {"architectures", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                          "projection_dim", "max_position_embeddings", "hidden_act", "eos_token_id"});
  const Json scheduler = ReadJsonFile(folder_ / "scheduler/scheduler_config.json");
  for (const auto& [key, value] : scheduler.items()) {
    if (key == "_diffusers_version") continue;
    EXPECT_EQ(file.ConfigOf("scheduler").at(key), value) << key;
  }
  EXPECT_EQ(file.index().at("_class_name"), ReadJsonFile(folder_ / "model_index.json").at("_class_name"));
}

TEST_P(SingleFileModels, OtherTensorsAreErrors) {
  const auto open_unet = [&] {
    const SingleFile file = Open(overrides_);
    const Weights weights = file.OpenWeights("unet");
    MakeNetwork(JsonReader(file.ConfigOf("unet"), "unet"), weights);
    weights.Finish();
  };
  tensors_["model.diffusion_model.input_blocks.1.0.mystery"] = at::zeros({1});
  EXPECT_ERROR(open_unet(), "mystery");
  tensors_.erase("model.diffusion_model.input_blocks.1.0.mystery");
  tensors_["model.diffusion_model.middle_block.1.norm.bias"] = at::zeros({5});
  EXPECT_ERROR(open_unet(), "mid_block.attentions.0.norm.bias");
  tensors_.erase("model.diffusion_model.middle_block.1.norm.bias");
  EXPECT_ERROR(open_unet(), "missing (1)");
  tensors_["model.diffusion_model.input_blocks.1.0.in_layers.2.weight"] = at::zeros({0});
  EXPECT_ERROR(open_unet(), "expected 4 dimensions");
}

INSTANTIATE_TEST_SUITE_P(Tiny, SingleFileModels, ::testing::Values("sd15-tiny", "sdxl-tiny"),
                         [](const auto& info) { return std::string(info.param).substr(0, 4); });

// A checkpoint that says that it predicts v is never sampled as one that predicts epsilon.
TEST_P(SingleFileModels, WhatThePredictionIsSaidToBe) {
  const auto open = [&](const std::map<std::string, std::string>& metadata,
                        const std::vector<const char*>& marks = {}) {
    Tensors tensors = tensors_;
    for (const char* mark : marks) tensors[mark] = at::zeros({0});
    WriteTensorFile(temp_ / "marked.safetensors", tensors, metadata);
    return SingleFile(temp_ / "marked.safetensors", overrides_);
  };
  const auto prediction = [](const SingleFile& file) {
    return file.ConfigOf("scheduler").value("prediction_type", "epsilon");
  };
  for (const auto& metadata : std::vector<std::map<std::string, std::string>>{
           {}, {{"modelspec.prediction_type", "epsilon"}}, {{"ss_v_parameterization", "False"}}}) {
    const SingleFile file = open(metadata);
    EXPECT_EQ(prediction(file), "epsilon");
    EXPECT_TRUE(file.notes().empty());
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"modelspec.prediction_type", "v"},
                                                        {"modelspec.prediction_type", "v_prediction"},
                                                        {"modelspec.predict_type", "V-Prediction"},
                                                        {"ss_v_parameterization", "True"}}) {
    const SingleFile file = open({{key, value}});
    EXPECT_EQ(prediction(file), "v_prediction") << key << value;
    ASSERT_EQ(file.notes().size(), 1u);
    EXPECT_NE(file.notes()[0].find(key), std::string::npos) << file.notes()[0];
  }
  const SingleFile marked = open({{"modelspec.prediction_type", "epsilon"}}, {"v_pred", "ztsnr"});
  EXPECT_EQ(prediction(marked), "v_prediction");
  EXPECT_TRUE(marked.ConfigOf("scheduler").at("rescale_betas_zero_snr").get<bool>());
  EXPECT_EQ(marked.index().at("scheduler")[1],
            xl() ? "EulerDiscreteScheduler" : "DDIMScheduler");  // PNDM knows no zero terminal SNR
  EXPECT_NE(marked.notes()[0].find("against it: metadata modelspec.prediction_type \"epsilon\""), std::string::npos)
      << marked.notes()[0];
  EXPECT_ERROR(open({{"modelspec.prediction_type", "flow"}}),
               "modelspec.prediction_type \"flow\": supported are epsilon and v");
  EXPECT_ERROR(open({{"ss_zero_terminal_snr", "True"}}),
               "zero terminal SNR (metadata ss_zero_terminal_snr \"True\") without v-prediction");
}

// What is not such a checkpoint is refused, saying what it is.
TEST(SingleFile, RelativesAreRefused) {
  TempDir temp;
  const auto open = [&](const Tensors& tensors) {
    WriteTensorFile(temp / "f.safetensors", tensors);
    SingleFile(temp / "f.safetensors");
  };
  const at::Tensor one = at::zeros({1});
  const std::string unet = "model.diffusion_model.out.0.weight";
  EXPECT_ERROR(open({{"conv_in.weight", one}}), "an original Stable Diffusion checkpoint was expected");
  EXPECT_ERROR(open({{unet, one}}), "no text encoder found");
  EXPECT_ERROR(open({{unet, one}, {"cond_stage_model.model.ln_final.weight", one}}), "Stable Diffusion 2");
  EXPECT_ERROR(open({{unet, one}, {"conditioner.embedders.0.model.ln_final.weight", one}}), "SDXL refiner");
  EXPECT_ERROR(open({{unet, one}, {"edm_vpred.sigma_max", one}}), "EDM's v-prediction (CosXL)");
  EXPECT_ERROR(open({{unet, one}, {"scaled_fp8", one}}), "scaled float8 weights");
  EXPECT_ERROR(open({{unet, one}, {"model.diffusion_model.input_blocks.0.0.weight", at::zeros({8, 9, 3, 3})}}),
               "takes 9 channels");
  EXPECT_ERROR(open({{unet, one}, {"cond_stage_model.transformer.x", one}}), "a U-Net with attention was expected");
}

}  // namespace
}  // namespace skipbench
