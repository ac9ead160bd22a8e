// What a run has to say of its model and its prompts: in the plan, on stderr, in the results and below the table.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::RunConfig;
using testing::Skipbench;
using testing::TempDir;

TEST(Notes, CutPromptsAndAnotherAutoencoder) {
  const TempDir dir;
  const std::string start =
      "a red shirt beside a blue bag and a green shoe a red shirt beside a blue bag and a green shoe a red shirt "
      "beside a blue bag and a green shoe";
  Json config = testing::SmallConfig(2, 2);
  fs::copy(fs::path(config["pipeline"].get<std::string>()) / "vae", dir / "vae", fs::copy_options::recursive);
  config["vae"] = "vae";
  config["data"] = {{"type", "prompts"}, {"prompts", {start + " at night", start + " in the morning"}}};
  config["methods"] = {{{"type", "full_step"}}};
  const std::string cut = "prompts: 2 of 2 are longer than the text encoder's 32 tokens",
                    vae = "model: the autoencoder is " + (dir / "vae").string();
  const auto plan = RunConfig(dir, config, "out", {"--dry-run"});
  EXPECT_THAT(plan.out, HasSubstr("NOTE        " + cut)) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("NOTE        " + vae));
  EXPECT_THAT(Skipbench({"doctor", (dir / "config.json").string()}).out, HasSubstr("NOTE        " + cut));
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("skipbench: " + cut));
  EXPECT_THAT(run.out, HasSubstr("- " + cut));
  EXPECT_THAT(run.out, HasSubstr("- " + vae));
  const auto header = ResultReader::Open(dir / "out").header();
  EXPECT_EQ(header.expanded_config.at("notes").size(), 2u);
  EXPECT_EQ(header.model_files.count("vae: diffusion_pytorch_model.safetensors"), 1u);
  EXPECT_EQ(header.model_files.count("vae/diffusion_pytorch_model.safetensors"), 0u);
  EXPECT_EQ(header.model_files.count("unet/diffusion_pytorch_model.safetensors"), 1u);
  EXPECT_EQ(RunConfig(dir, config, "out", {"--resume"}).exit_code, 0);
}

}  // namespace
}  // namespace skipbench
