#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cstring>

#include "harness/io/files/mapped_file.h"
#include "harness/io/files/sha256.h"
#include "harness/io/pictures/image.h"
#include "harness/io/pictures/jpeg.h"
#include "harness/io/pictures/png.h"
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

void ExpectPixelsOfPil(const std::filesystem::path& folder, size_t least) {
  const Json expected = ReadJsonFile(folder / "expected.json");
  EXPECT_GE(expected.size(), least);
  for (const auto& [name, want] : expected.items()) {
    SCOPED_TRACE(name);
    const Image image = ReadImage(folder / name);
    EXPECT_EQ(image.width, want.at("width").get<int>());
    EXPECT_EQ(image.height, want.at("height").get<int>());
    EXPECT_EQ(image.channels, 3);
    EXPECT_EQ(Hash(image), want.at("sha256").get<std::string>());
  }
}

TEST(PictureTest, SamePixelsAsPil) {
  ExpectPixelsOfPil(Pictures(), 18);
  ExpectPixelsOfPil(Pictures() / "formats", 55);  // CMYK, 16 bits, BMP, PNM, TIFF, GIF
}

// Every decoder on every beginning of its files: an Error or a picture, nothing else.
TEST(PictureTest, FormatsTruncatedAnywhere) {
  for (const auto& entry : std::filesystem::directory_iterator(Pictures() / "formats")) {
    if (KindByName(entry.path()) != FileKind::kPicture) continue;
    const std::string whole = ReadFile(entry.path());
    for (size_t length = 0; length < whole.size(); length += 1 + whole.size() / 40) {
      try {
        DecodeImage(Bytes(whole.substr(0, length)), "cut");
        EXPECT_GT(length, whole.size() / 2)
            << entry.path() << " at " << length;  // what is behind the pixels may be missing
      } catch (const Error& e) {
        EXPECT_TRUE(std::string(e.what()).starts_with("cut: ")) << e.what();
      }
    }
    for (size_t place = 0; place < whole.size(); place += 1 + whole.size() / 60) {
      std::string damaged = whole;
      damaged[place] ^= static_cast<char>(0xFF);
      try {
        DecodeImage(Bytes(damaged), "damaged");
      } catch (const Error&) {
      }
    }
  }
}

TEST(PictureTest, ExifTurnsStartImagesOnly) {
  TempDir temp;
  const Image plain = ReadImage(Pictures() / "rgb444.jpg");
  const std::string jpeg = ReadFile(Pictures() / "rgb444.jpg");
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0", 32);
    exif[25] = static_cast<char>(orientation);
    WriteFile(temp / "x.jpg", jpeg.substr(0, 2) + std::string("\xFF\xE1\0\x22", 4) + exif + jpeg.substr(2));
    EXPECT_EQ(ReadImage(temp / "x.jpg").pixels, plain.pixels);
    const Image turned = ReadUprightImage(temp / "x.jpg");
    EXPECT_EQ(turned.width, orientation < 5 ? plain.width : plain.height);
    // Where the first stored pixel has gone: see EXIF's table of the tag.
    const bool right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const bool bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    const size_t place =
        static_cast<size_t>((bottom ? turned.height - 1 : 0) * turned.width + (right ? turned.width - 1 : 0)) * 3;
    EXPECT_TRUE(std::equal(plain.pixels.begin(), plain.pixels.begin() + 3,
                           turned.pixels.begin() + static_cast<std::ptrdiff_t>(place)));
  }
}

// Small files that claim large pictures: no memory is taken for what cannot be there.
TEST(PictureTest, HugeClaimsOfOtherFormats) {
  EXPECT_ERROR(DecodeImage(Bytes("P6 16000 16000 255\nabc"), "x"), "cannot hold 16000 x 16000");
  EXPECT_ERROR(DecodeImage(Bytes("P6 99999999999 1 255\nabc"), "x"), "x: ");
  std::string bmp = ReadFile(Pictures() / "formats/rgb.bmp");
  bmp[20] = '\x40';
  EXPECT_ERROR(DecodeImage(Bytes(bmp), "x"), "x: ");
  std::string gif = ReadFile(Pictures() / "formats/grey.gif");
  gif[7] = gif[9] = '\x30';
  EXPECT_ERROR(DecodeImage(Bytes(gif), "x"), "cannot hold 12");
}

TEST(PictureTest, RefusedByName) {
  EXPECT_ERROR(ReadImage(Pictures() / "expected.json"), "expected.json: neither a PNG nor a JPEG");
  EXPECT_ERROR(DecodePng(MappedFile(Pictures() / "rgb.jpg").bytes(), "rgb.jpg"), "rgb.jpg: not a PNG file");
  EXPECT_ERROR(DecodeJpeg(MappedFile(Pictures() / "rgb.png").bytes(), "rgb.png"), "rgb.png: broken JPEG");
  EXPECT_ERROR(ReadImage(Pictures() / "none.png"), "none.png: cannot be opened");
  TempDir temp;
  WriteFile(temp / "empty.png", "");
  EXPECT_ERROR(ReadImage(temp / "empty.png"), "empty.png: neither");
  EXPECT_ERROR(DecodeJpeg({}, "empty.png"), "empty.png: broken JPEG");
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
  damaged[png.size() / 2] ^= 0x20;  // inside IDAT: its checksum fails
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
  const Image back = ReadImage(temp / "sub/x.png");
  EXPECT_EQ(back.width, 23);
  EXPECT_EQ(back.height, 9);
  EXPECT_EQ(back.pixels, image.pixels);
  const Image grey = Pattern(5, 4, 1);
  WritePng(temp / "g.png", grey, 1);
  const Image grey_back = ReadImage(temp / "g.png");
  for (size_t i = 0; i < grey.pixels.size(); ++i) EXPECT_EQ(grey_back.pixels[3 * i + 1], grey.pixels[i]);
  EXPECT_ERROR(WritePng(temp / "bad.png", Image{3, 3, 3, {1, 2}}),
               "bad.png: a picture of 3 x 3 pixels with 3 channels in 2 bytes");
  EXPECT_ERROR(WritePng(temp / "bad.png", Image{0, 0, 3, {}}), "cannot be written");
  EXPECT_FALSE(std::filesystem::exists(temp / "bad.png"));
}

TEST(PictureTest, Names) {
  for (const char* name : {"a/b.PNG", "x.jpeg", "n01440764_5.JPEG", "x.gif", "x.Tif"})
    EXPECT_EQ(KindByName(name), FileKind::kPicture) << name;
  for (const char* name : {"png", "notes.txt", "x.npz"}) EXPECT_EQ(KindByName(name), FileKind::kOther) << name;
  EXPECT_EQ(KindByName("x.AVIF"), FileKind::kUnreadable);
  EXPECT_EQ(KindByName("x.mp4"), FileKind::kVideo);
}

}  // namespace
}  // namespace skipbench
