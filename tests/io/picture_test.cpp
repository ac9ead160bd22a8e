#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cstring>

#include "harness/io/image.h"
#include "harness/io/jpeg.h"
#include "harness/io/png.h"
#include "harness/io/sha256.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

std::filesystem::path Pictures() { return testing::SourceDir() / "tests" / "io" / "pictures"; }

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string Hash(const Image& image) {
  Sha256 hash;
  hash.Update(std::as_bytes(std::span(image.pixels)));
  return hash.HexDigest();
}

Image Pattern(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 37 % 251));
  return image;
}

TEST(PictureTest, SamePixelsAsPil) {
  const Json expected = ReadJsonFile(Pictures() / "expected.json");
  EXPECT_GE(expected.size(), 16u);
  for (const auto& [name, want] : expected.items()) {
    SCOPED_TRACE(name);
    const Image image = ReadImage(Pictures() / name);
    EXPECT_EQ(image.width, want.at("width").get<int>());
    EXPECT_EQ(image.height, want.at("height").get<int>());
    EXPECT_EQ(image.channels, 3);
    EXPECT_EQ(Hash(image), want.at("sha256").get<std::string>());
  }
}

TEST(PictureTest, RefusedByName) {
  EXPECT_ERROR(ReadImage(Pictures() / "grey16.png"), "grey16.png: PNG with 16 bits per channel");
  EXPECT_ERROR(ReadImage(Pictures() / "cmyk.jpg"), "cmyk.jpg: JPEG in CMYK colours");
  EXPECT_ERROR(ReadImage(Pictures() / "expected.json"), "expected.json: neither a PNG nor a JPEG");
  EXPECT_ERROR(ReadPng(Pictures() / "rgb.jpg"), "rgb.jpg: not a PNG file");
  EXPECT_ERROR(ReadJpeg(Pictures() / "rgb.png"), "rgb.png: broken JPEG");
  EXPECT_ERROR(ReadImage(Pictures() / "none.png"), "none.png: cannot be opened");
  TempDir temp;
  WriteFile(temp / "empty.png", "");
  EXPECT_ERROR(ReadImage(temp / "empty.png"), "empty.png: neither");
  EXPECT_ERROR(ReadJpeg(temp / "empty.png"), "empty.png: broken JPEG");
}

TEST(PictureTest, TruncatedAnywhere) {
  const std::string png = ReadFile(Pictures() / "rgb.png");
  for (size_t length = 0; length < png.size(); length += 3)
    EXPECT_ERROR(DecodePng(Bytes(png.substr(0, length)), "cut.png"), "cut.png: ");
  const std::string interlaced = ReadFile(Pictures() / "interlaced.png");
  EXPECT_ERROR(DecodePng(Bytes(interlaced.substr(0, interlaced.size() / 2)), "cut.png"), "cut.png: broken PNG");
  for (const char* name : {"rgb.jpg", "progressive.jpg"}) {
    const std::string jpeg = ReadFile(Pictures() / name);
    for (size_t length = 0; length + 2 < jpeg.size(); length += 7)
      EXPECT_ERROR(DecodeJpeg(Bytes(jpeg.substr(0, length)), "cut.jpg"), "cut.jpg: broken JPEG");
  }
}

TEST(PictureTest, DamagedPng) {
  std::string png = ReadFile(Pictures() / "rgb.png");
  std::string damaged = png;
  damaged[png.size() / 2] ^= 0x20;                       // inside IDAT: its checksum fails
  EXPECT_ERROR(DecodePng(Bytes(damaged), "x.png"), "x.png: broken PNG");
}

// A header may claim any size; nothing is allocated for one that the file cannot hold.
TEST(PictureTest, HugeClaims) {
  auto with_size = [](uint32_t width, uint32_t height) {
    std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    for (uint32_t value : {width, height})
      for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(value >> shift);
    png += std::string("\x08\x02\0\0\0", 5);
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 12; i < png.size(); ++i) {
      crc ^= static_cast<unsigned char>(png[i]);
      for (int k = 0; k < 8; ++k) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    crc = ~crc;
    for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(crc >> shift);
    return png + std::string("\0\0\0\0IDAT\x35\xaf\x06\x1e", 12);
  };
  EXPECT_ERROR(DecodePng(Bytes(with_size(20000, 10000)), "x.png"), "cannot hold 20000 x 10000 pixels");
  EXPECT_ERROR(DecodePng(Bytes(with_size(65000, 65000)), "x.png"), "65000 x 65000 pixels; at most");
  EXPECT_ERROR(DecodePng(Bytes(with_size(100000, 1)), "x.png"), "broken PNG");
  EXPECT_ERROR(DecodePng(Bytes(with_size(0, 1)), "x.png"), "broken PNG");
  // JPEG: the size stands in the frame header (SOF0: FF C0, length, precision, height, width).
  std::string jpeg = ReadFile(Pictures() / "rgb.jpg");
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (size_t i = 5; i < 9; ++i) jpeg[frame + i] = '\xFA';
  EXPECT_ERROR(DecodeJpeg(Bytes(jpeg), "x.jpg"), "x.jpg: 64250 x 64250 pixels; at most");
}

TEST(PictureTest, WritesPng) {
  TempDir temp;
  const Image image = Pattern(23, 9, 3);
  WritePng(temp / "sub/x.png", image);
  const Image back = ReadPng(temp / "sub/x.png");
  EXPECT_EQ(back.width, 23);
  EXPECT_EQ(back.height, 9);
  EXPECT_EQ(back.pixels, image.pixels);
  const Image grey = Pattern(5, 4, 1);
  WritePng(temp / "g.png", grey, 1);
  const Image grey_back = ReadPng(temp / "g.png");
  for (size_t i = 0; i < grey.pixels.size(); ++i) EXPECT_EQ(grey_back.pixels[3 * i + 1], grey.pixels[i]);
  EXPECT_ERROR(WritePng(temp / "bad.png", Image{3, 3, 3, {1, 2}}), "bad.png: a picture of 3 x 3 pixels with 3 channels in 2 bytes");
  EXPECT_ERROR(WritePng(temp / "bad.png", Image{0, 0, 3, {}}), "cannot be written");
  EXPECT_FALSE(std::filesystem::exists(temp / "bad.png"));
}

TEST(PictureTest, Names) {
  EXPECT_TRUE(IsImageName("a/b.PNG"));
  EXPECT_TRUE(IsImageName("x.jpeg"));
  EXPECT_FALSE(IsImageName("png"));
  EXPECT_FALSE(IsImageName("x.gif"));
}

}  // namespace
}  // namespace skipbench
