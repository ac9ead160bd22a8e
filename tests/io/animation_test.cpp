// Clips in one file, against Pillow (clips/make.py).
#include "harness/io/pictures/animation.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/io/files/sha256.h"
#include "harness/io/pictures/apng.h"
#include "harness/io/pictures/png.h"
#include "harness/io/pictures/video.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

std::filesystem::path Clips() { return testing::SourceDir() / "tests" / "io" / "clips"; }
std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(Animations, SameFramesAsPil) {
  const Json expected = ReadJsonFile(Clips() / "expected.json");
  EXPECT_GE(expected.size(), 10u);
  for (const auto& [name, want] : expected.items()) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(IsAnimation(Bytes(ReadFile(Clips() / name))));
    const auto frames = ReadAnimation(Clips() / name);
    EXPECT_EQ(frames.size(), want.at("frames").get<size_t>());
    Sha256 hash;
    for (const Image& frame : frames) hash.Update(std::as_bytes(std::span(frame.pixels)));
    EXPECT_EQ(hash.HexDigest(), want.at("sha256").get<std::string>());
    EXPECT_EQ(ReadAnimation(Clips() / name, 2).size(), 2u);
    EXPECT_ERROR(ReadImage(Clips() / name), "an animation, expected a picture");
  }
}

// dispose_op PREVIOUS, where Pillow 13.0.0 leaves the frame on the canvas when frames are read one after the other:
// frames 1 to 3 are all drawn over frame 0, and what frame 0 does not show through a transparent pixel is the same in
// all of them.
TEST(Animations, ApngGoesBackToWhatWasBefore) {
  const std::string file = ReadFile(Clips() / "previous.png");
  const auto frames = ReadAnimation(Clips() / "previous.png");
  ASSERT_EQ(frames.size(), 4u);
  // Without frame 1 (its two chunks) frame 2 looks as it does with it.
  std::string without;
  int control = 0;
  for (size_t at = 8; at + 12 <= file.size();) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(file[at + i]);
    const std::string type = file.substr(at + 4, 4);
    control += type == "fcTL";
    if (control != 2) without += file.substr(at, 12 + length);
    if (type == "acTL") without[without.size() - 9] = 3;  // frames
    at += 12 + length;
  }
  const auto fewer = DecodeApng(Bytes(file.substr(0, 8) + without), 0, "x");
  ASSERT_EQ(fewer.size(), 3u);
  EXPECT_EQ(fewer[1].pixels, frames[2].pixels);
  EXPECT_EQ(fewer[2].pixels, frames[3].pixels);
  EXPECT_NE(frames[1].pixels, frames[2].pixels);
}

TEST(Animations, OursComeBack) {
  TempDir temp;
  std::vector<Image> frames(3, Image{5, 4, 3, std::vector<uint8_t>(60)});
  for (size_t i = 0; i < 60; ++i)
    for (size_t t = 0; t < 3; ++t) frames[t].pixels[i] = static_cast<uint8_t>(i * (t + 2));
  WriteApng(temp / "x.png", frames, 8);
  const auto back = ReadAnimation(temp / "x.png");
  ASSERT_EQ(back.size(), 3u);
  for (size_t t = 0; t < 3; ++t) EXPECT_EQ(back[t].pixels, frames[t].pixels);
}

TEST(Animations, DamagedFilesAreErrors) {
  for (const char* name : {"plain.png", "alpha.png", "palettes.gif", "transparent2.gif"}) {
    const std::string whole = ReadFile(Clips() / name);
    TempDir temp;
    for (size_t length = 20; length + 20 < whole.size(); length += 1 + whole.size() / 40) {
      WriteFile(temp / name, whole.substr(0, length));
      EXPECT_ERROR(ReadAnimation(temp / name), name);
    }
  }
}

TEST(Animations, VideosNeedLibav) {
  TempDir temp;
  WriteFile(temp / "x.mp4", "no video");
  EXPECT_ERROR(ReadVideo(temp / "x.mp4"), HasLibav() ? "x.mp4: libav: " : "x.mp4: videos need libav");
  EXPECT_ERROR(ReadAnimation(temp / "x.mp4"), "x.mp4: ");
}

// Where there is libav: as many frames as were written, near to what they were.
TEST(Animations, Mp4ComesBackWhole) {
  if (!HasLibav()) GTEST_SKIP() << "built without libav";
  TempDir temp;
  const auto frames = ReadAnimation(Clips() / "plain.png");
  WriteMp4(temp / "x.mp4", frames, 8);
  const auto back = ReadAnimation(temp / "x.mp4");
  ASSERT_EQ(back.size(), frames.size());
  for (size_t t = 0; t < frames.size(); ++t) {
    ASSERT_EQ(back[t].pixels.size(), frames[t].pixels.size());
    double sum = 0;
    for (size_t i = 0; i < back[t].pixels.size(); ++i)
      sum += std::abs(int{back[t].pixels[i]} - int{frames[t].pixels[i]});
    EXPECT_LT(sum / static_cast<double>(back[t].pixels.size()), 20) << t;  // lossy; another frame is further away
  }
  const std::string whole = ReadFile(temp / "x.mp4");
  WriteFile(temp / "x.mp4", whole.substr(0, whole.size() * 2 / 3));
  EXPECT_ERROR(ReadVideo(temp / "x.mp4"), "x.mp4: libav: ");
}

}  // namespace
}  // namespace skipbench
