#include "datasets/array_pictures.h"

#include <fmt/ranges.h>

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

}  // namespace

bool ArrayPictures::Fits(const NpyReader& array) {
  const Layout layout = LayoutOf(array.shape());
  return array.type() == "|u1" && !array.fortran_order() && layout.channels > 0 && array.count() > 0;
}

ArrayPictures::ArrayPictures(std::filesystem::path path) : path_(std::move(path)), reader_(Open()) {
  array_ = reader_->origin();
  const auto& shape = reader_->shape();
  const Layout layout = LayoutOf(shape);
  if (!Fits(*reader_))
    Fail("{}: pictures were expected: bytes (uint8) [n, height, width, 3] in C order; found \"{}\" [{}]{}{}", array_,
         Printable(reader_->type()), fmt::join(shape, ", "), reader_->fortran_order() ? " in Fortran order" : "",
         IsOnePicture(shape) ? ", which looks like one picture (grey ones: [n, height, width, 1])" : "");
  CheckImageSize(layout.width, layout.height, array_);
  count_ = shape[0];
  height_ = static_cast<int>(layout.height);
  width_ = static_cast<int>(layout.width);
  channels_ = static_cast<int>(layout.channels);
  planes_ = layout.planes;
}

bool ArrayPictures::IsNamed(const std::filesystem::path& path) {
  return path.extension() == ".npz" || path.extension() == ".npy";
}

std::string ArrayPictures::description() const {
  return fmt::format("{} ({} picture{}{})", path_.string(), count_, count_ == 1 ? "" : "s",
                     path_.extension() == ".npy" ? "" : " in arr_0");
}

std::string ArrayPictures::name(int64_t index) const { return fmt::format("{:06}", index); }

std::string ArrayPictures::where(int64_t index) const { return fmt::format("{}: picture {}", path_.string(), index); }

std::unique_ptr<NpyReader> ArrayPictures::Open() const {
  return path_.extension() == ".npy" ? OpenNpy(path_) : NpzFile(path_).Open("arr_0");
}

Image ArrayPictures::ReadNext() const {
  const size_t pixels = static_cast<size_t>(height_) * static_cast<size_t>(width_);
  std::vector<uint8_t> bytes(pixels * static_cast<size_t>(channels_));
  reader_->Bytes(bytes);
  ++next_;
  if (channels_ == 3 && !planes_) return {width_, height_, 3, std::move(bytes)};
  Image image;
  image.Resize(width_, height_);
  const size_t plane = channels_ == 1 ? 0 : pixels;  // grey: the same three times
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = bytes[i + c * plane];
  return image;
}

std::vector<Image> ArrayPictures::ReadFrames(int64_t index) const {
  if (index < 0 || index >= count_) Fail("{}: picture {} of {}", array_, index, count_);
  const std::lock_guard lock(mutex_);
  if (const auto kept = ahead_.find(index); kept != ahead_.end()) {
    Image image = std::move(kept->second);
    ahead_.erase(kept);
    return {std::move(image)};
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
    return {ReadNext()};
  } catch (...) {
    reader_.reset();
    throw;
  }
}

}  // namespace skipbench
