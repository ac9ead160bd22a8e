// Animated PNG and MP4 files.
#include <gtest/gtest.h>
#include <zlib.h>

#include "harness/base/error.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/apng.h"
#include "harness/io/pictures/image.h"
#include "harness/io/pictures/png.h"
#include "harness/io/pictures/video.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::vector<Image> Frames(int count, int width = 9, int height = 7) {
  std::vector<Image> frames;
  for (int k = 0; k < count; ++k) {
    Image image{.width = width, .height = height, .channels = 3, .pixels = {}};
    for (int i = 0; i < 3 * width * height; ++i) image.pixels.push_back(static_cast<uint8_t>(11 * i + 57 * k));
    frames.push_back(std::move(image));
  }
  return frames;
}

uint32_t Number(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

struct Chunk {
  std::string type, data;
};
std::vector<Chunk> Chunks(const std::string& file) {
  std::vector<Chunk> chunks;
  for (size_t at = 8; at < file.size();) {
    const uint32_t length = Number(file, at);
    const std::string body = file.substr(at + 4, 4 + length);
    EXPECT_EQ(Number(file, at + 8 + length),
              crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    chunks.push_back({body.substr(0, 4), body.substr(4)});
    at += 12 + length;
  }
  return chunks;
}

// A plain PNG with this file's header and `data` as its picture.
Image DecodeFrame(const std::string& file, const std::string& data) {
  std::string png = file.substr(0, 8 + 25);
  for (const auto& [type, content] : {Chunk{"IDAT", data}, Chunk{"IEND", ""}}) {
    const std::string body = type + content;
    const uint32_t crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(content.size() >> shift & 0xFF);
    png += body;
    for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(crc >> shift & 0xFF);
  }
  return DecodePng(std::as_bytes(std::span(png)), "frame");
}

TEST(Apng, HoldsEveryFrameExactly) {
  const testing::TempDir dir;
  const auto frames = Frames(4);
  WriteApng(dir / "clip.png", frames, 16);
  EXPECT_EQ(DecodePng(MappedFile(dir / "clip.png").bytes(), "clip.png").pixels,
            frames[0].pixels);  // as a viewer sees it that knows no animations
  const std::string file = testing::ReadFile(dir / "clip.png");
  size_t frame = 0;
  uint32_t sequence = 0;
  for (const Chunk& chunk : Chunks(file)) {
    if (chunk.type == "acTL") {
      EXPECT_EQ(Number(chunk.data, 0), frames.size());
    } else if (chunk.type == "fcTL") {
      EXPECT_EQ(Number(chunk.data, 0), sequence++);
      EXPECT_EQ(static_cast<uint8_t>(chunk.data[20]) * 256 + static_cast<uint8_t>(chunk.data[21]),
                63);  // thousandths: 1000 / 16
    } else if (chunk.type == "IDAT") {
      EXPECT_EQ(DecodeFrame(file, chunk.data).pixels, frames[frame++].pixels);
    } else if (chunk.type == "fdAT") {
      EXPECT_EQ(Number(chunk.data, 0), sequence++);
      EXPECT_EQ(DecodeFrame(file, chunk.data.substr(4)).pixels, frames[frame++].pixels);
    }
  }
  EXPECT_EQ(frame, frames.size());
}

TEST(Apng, RefusesWhatIsNoClip) {
  const testing::TempDir dir;
  EXPECT_ERROR(WriteApng(dir / "x.png", {}, 16), "no frames");
  auto frames = Frames(2);
  frames[1] = Frames(1, 5, 5)[0];
  EXPECT_ERROR(WriteApng(dir / "x.png", frames, 16), "frame 1 has 5 x 5 pixels, the first one 9 x 7");
  EXPECT_ERROR(WriteApng(dir / "x.png", Frames(1), 0), "frames per second");
}

TEST(Mp4, IsWrittenOrSaysWhyNot) {
  const testing::TempDir dir;
  if (!HasLibav()) {
    EXPECT_ERROR(WriteMp4(dir / "clip.mp4", Frames(3), 16), "built without");
    return;
  }
  WriteMp4(dir / "clip.mp4", Frames(3, 33, 17), 16);
  const std::string file = testing::ReadFile(dir / "clip.mp4");
  EXPECT_EQ(file.substr(4, 4), "ftyp");
  EXPECT_NE(file.find("moov"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir / "clip.mp4.part"));
  EXPECT_ERROR(WriteMp4(dir / "none.mp4", {}, 16), "no frames");
  EXPECT_ERROR(WriteMp4(dir / "no-such-folder" / "clip.mp4", Frames(1), 16), "cannot be opened");
}

}  // namespace
}  // namespace skipbench
