#include "harness/io/pictures/animation.h"

#include "harness/base/error.h"
#include "harness/io/files/byte_reader.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/apng.h"
#include "harness/io/pictures/gif.h"
#include "harness/io/pictures/video.h"

namespace skipbench {
namespace {

// Goes over the blocks of a GIF up to its second picture.
bool HasSecondPicture(std::span<const std::byte> bytes) {
  const ByteReader in(bytes, "GIF");
  const auto table = [&](uint64_t flags) { return flags & 0x80 ? uint64_t{3} << ((flags & 7) + 1) : 0; };
  const auto skip_blocks = [&](uint64_t at) {
    while (const uint8_t length = in.Byte(at)) at += 1 + uint64_t{length};
    return at + 1;
  };
  int pictures = 0;
  for (uint64_t at = 13 + table(in.Byte(10)); at < in.size();) {
    const int kind = in.Byte(at);
    if (kind == 0x2C) {
      if (++pictures == 2) return true;
      at = skip_blocks(at + 11 + table(in.Byte(at + 9)));
    } else if (kind == 0x21) {
      at = skip_blocks(at + 2);
    } else {
      return false;  // the end
    }
  }
  return false;
}

}  // namespace

void FrameList::Add(Image frame) {
  if (!frames_.empty() && (frame.width != frames_[0].width || frame.height != frames_[0].height))
    Fail("{}: frame {} has {} x {} pixels, the first one {} x {}", origin_, frames_.size(), frame.width, frame.height,
         frames_[0].width, frames_[0].height);
  bytes_ += static_cast<int64_t>(frame.pixels.size());
  if (static_cast<int64_t>(frames_.size()) >= kMaxFrames || bytes_ > kMaxClipBytes)
    Fail("{}: more than {} frames or {} MiB of pixels, which is not read as one clip; --frames N takes the first N",
         origin_, kMaxFrames, kMaxClipBytes >> 20);
  frames_.push_back(std::move(frame));
}

std::vector<Image> FrameList::Take() {
  if (frames_.empty()) Fail("{}: no frame in it", origin_);
  return std::move(frames_);
}

bool IsAnimation(std::span<const std::byte> bytes) {
  try {
    if (HoldsAt(bytes, 0, "\x89PNG")) return IsApng(bytes);
    return HoldsAt(bytes, 0, "GIF8") && HasSecondPicture(bytes);
  } catch (const Error&) {
    return false;  // the decoder says what is wrong
  }
}

std::vector<Image> ReadAnimation(const std::filesystem::path& path, int64_t most) {
  if (KindByName(path) == FileKind::kVideo) return ReadVideo(path, most);
  const MappedFile file(path);
  const std::string origin = path.string();
  if (HoldsAt(file.bytes(), 0, "\x89PNG")) return DecodeApng(file.bytes(), most, origin);
  if (HoldsAt(file.bytes(), 0, "GIF8")) return DecodeGifFrames(file.bytes(), most, origin);
  Fail("{}: neither an animated PNG nor a GIF", origin);
}

}  // namespace skipbench
