// `skipbench macs` of a folder that holds a network and no pipeline.
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

std::string Transformer(const std::string& model) {
  return (testing::SourceDir() / "tests/fixtures/dit/models" / model / "transformer").string();
}

TEST(MacsOfANetwork, AreCountedFromItsConfig) {
  const auto flux = testing::Skipbench({"macs", Transformer("flux-tiny"), "--latent", "8x8", "--tokens", "16"});
  EXPECT_EQ(flux.exit_code, 0) << flux.err;
  EXPECT_NE(flux.out.find("sample 4 x 8 x 8, text of 16 tokens"), std::string::npos) << flux.out;
  EXPECT_NE(flux.out.find("single_transformer_blocks.1"), std::string::npos) << flux.out;
  // Its own size, and a network without a text.
  const auto dit = testing::Skipbench({"macs", Transformer("dit-tiny"), "--branch", "1"});
  EXPECT_NE(dit.out.find("sample 4 x 8 x 8"), std::string::npos) << dit.out;
  EXPECT_NE(dit.out.find("Shallow forward at branch 1"), std::string::npos) << dit.out;
  const auto cut = testing::Skipbench({"macs", Transformer("dit-tiny"), "--cut", "1,1"});
  EXPECT_NE(cut.out.find("1 blocks before and 1 after"), std::string::npos) << cut.out << cut.err;
  EXPECT_NE(cut.out.find("transformer_blocks.2"), std::string::npos) << cut.out;
  EXPECT_EQ(cut.out.find("transformer_blocks.1 "), std::string::npos) << cut.out;
  const auto modules = testing::Skipbench({"macs", Transformer("dit-tiny"), "--modules", "attention,feed_forward"});
  EXPECT_NE(modules.out.find("cached outputs of attention,feed_forward"), std::string::npos) << modules.out;
}

TEST(MacsOfANetwork, WhatIsMissingIsAskedFor) {
  const auto refused = [](std::vector<std::string> args, const std::string& text) {
    args.insert(args.begin(), "macs");
    const auto result = testing::Skipbench(args);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
  };
  refused({Transformer("flux-tiny"), "--tokens", "16"}, "say with --latent how large its samples are, HEIGHTxWIDTH");
  refused({Transformer("flux-tiny"), "--latent", "8x8"}, "say with --tokens how many tokens");
  refused({Transformer("flux-tiny"), "--latent", "8x9", "--tokens", "16"}, "multiples of 2x2");
  refused({Transformer("flux-tiny"), "--latent", "8by8", "--tokens", "16"}, "expected HEIGHTxWIDTH");
  refused({Transformer("wan-tiny"), "--latent", "8x8", "--tokens", "18"}, "FRAMESxHEIGHTxWIDTH");
  refused({Transformer("dit-tiny"), "--branch", "3"}, "branches 0 to 2");
  refused({Transformer("dit-tiny"), "--cut", "2,1"}, "the network offers cuts of its 3 blocks");
  refused({Transformer("dit-tiny"), "--cut", "2;1"}, "expected the blocks before it and after it");
  refused({Transformer("dit-tiny"), "--modules", "cross_attention"}, "outputs of modules (attention, feed-forward)");
  refused({Transformer("dit-tiny"), "--modules", "mlp"}, "expected some of attention, cross_attention, feed_forward");
  refused({Transformer("dit-tiny"), "--modules", "attention", "--branch", "1"}, "give one of them");
}

}  // namespace
}  // namespace skipbench
