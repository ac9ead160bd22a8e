#include "harness/io/pictures/npy_pictures.h"

#include <utility>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/npz.h"

namespace skipbench {
namespace {

// Pictures that are kept while others are waited for: more than threads that ask at once.
constexpr size_t kMostAhead = 256;

struct Layout {
  int64_t height = 0, width = 0, channels = 0;
  bool planes = false;
};

// Whether three sizes are rather those of one picture with its channels than of a series of grey ones: nobody has those
// 3 pixels wide, or of 3.
bool IsOnePicture(const std::vector<int64_t>& shape) {
  return shape.size() == 3 && (shape[2] == 3 || shape[2] == 4 || shape[0] == 3);
}

// channels 0: no pictures.
Layout LayoutOf(const std::vector<int64_t>& shape) {
  if (IsOnePicture(shape)) return {};
  if (shape.size() == 3) return {shape[1], shape[2], 1, false};
  if (shape.size() != 4) return {};
  if (shape[3] == 3 || shape[3] == 1) return {shape[1], shape[2], shape[3], false};
  if (shape[1] == 3 || shape[1] == 1) return {shape[2], shape[3], shape[1], true};
  return {};
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace

bool NpyPictures::Fits(const NpyReader& array) {
  const Layout layout = LayoutOf(array.shape());
  return array.type() == "|u1" && !array.fortran_order() && layout.channels > 0 && array.count() > 0;
}

NpyPictures::NpyPictures(std::filesystem::path path, std::string member)
    : path_(std::move(path)), member_(std::move(member)) {
  reader_ = Open();
  where_ = reader_->origin();
  const auto& shape = reader_->shape();
  const Layout layout = LayoutOf(shape);
  if (!Fits(*reader_))
    Fail("{}: pictures were expected: bytes (uint8) [n, height, width, 3] in C order; found \"{}\" {}{}{}", where_,
         Printable(reader_->type()), ShapeText(shape), reader_->fortran_order() ? " in Fortran order" : "",
         IsOnePicture(shape) ? ", which looks like one picture (grey ones: [n, height, width, 1])" : "");
  if (layout.height > kMaxImageSide || layout.width > kMaxImageSide || layout.height * layout.width > kMaxImagePixels)
    Fail("{}: pictures of {} x {} pixels are too large", where_, layout.width, layout.height);
  count_ = shape[0];
  height_ = static_cast<int>(layout.height);
  width_ = static_cast<int>(layout.width);
  channels_ = static_cast<int>(layout.channels);
  planes_ = layout.planes;
}

std::unique_ptr<NpyReader> NpyPictures::Open() const {
  return path_.extension() == ".npy" ? OpenNpy(path_) : NpzFile(path_).Open(member_);
}

Image NpyPictures::ReadNext() const {
  const size_t pixels = static_cast<size_t>(height_) * static_cast<size_t>(width_);
  std::vector<uint8_t> bytes(pixels * static_cast<size_t>(channels_));
  reader_->Bytes(bytes);
  ++next_;
  Image image;
  image.height = height_;
  image.width = width_;
  if (channels_ == 3 && !planes_) {
    image.pixels = std::move(bytes);
    return image;
  }
  image.pixels.resize(3 * pixels);
  const size_t plane = channels_ == 1 ? 0 : pixels;  // grey: the same three times
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = bytes[i + c * plane];
  return image;
}

Image NpyPictures::Read(int64_t index) const {
  if (index < 0 || index >= count_) Fail("{}: picture {} of {}", where_, index, count_);
  const std::lock_guard lock(mutex_);
  if (const auto kept = ahead_.find(index); kept != ahead_.end()) {
    Image image = std::move(kept->second);
    ahead_.erase(kept);
    return image;
  }
  if (!reader_ || index < next_) {
    reader_.reset();  // whatever goes wrong now, the next call begins anew
    ahead_.clear();
    next_ = 0;
    reader_ = Open();
  }
  try {
    while (next_ < index) {
      const int64_t passed = next_;
      ahead_[passed] = ReadNext();
      if (ahead_.size() > kMostAhead) ahead_.erase(ahead_.begin());
    }
    return ReadNext();
  } catch (...) {
    reader_.reset();
    throw;
  }
}

}  // namespace skipbench
