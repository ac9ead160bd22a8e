// Pictures kept as one array: the arr_0 of a batch as guided-diffusion (ADM) publishes them, or a .npy file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "harness/io/files/npy.h"
#include "harness/io/pictures/image.h"

namespace skipbench {

// Read front to back, so that an archive of any size takes the memory of a few pictures, compressed or not. Pictures
// are cheap to ask for in about their order, whichever thread does; one that lies far back costs reading again from the
// start.
class NpyPictures {
 public:
  // A .npy file, or a member of an .npz archive. Throws Error naming the array for what holds no pictures: expected are
  // bytes (uint8) [n, H, W, 3], [n, 3, H, W], or grey [n, H, W, 1], [n, H, W] (but where one
  // of these is 3 channels rather: [H, W, 3], [3, H, W]), in C order.
  explicit NpyPictures(std::filesystem::path path, std::string member = "arr_0");

  // Whether that array could be such pictures, by its header alone.
  static bool Fits(const NpyReader& array);

  const std::filesystem::path& path() const { return path_; }
  int64_t size() const { return count_; }
  int height() const { return height_; }
  int width() const { return width_; }
  // RGB. May be called from several threads at once. Throws Error naming the array.
  Image Read(int64_t index) const;

 private:
  std::unique_ptr<NpyReader> Open() const;
  Image ReadNext() const;

  std::filesystem::path path_;
  std::string member_, where_;
  int64_t count_ = 0;
  int height_ = 0, width_ = 0, channels_ = 3;
  bool planes_ = false;  // [n, 3, H, W]

  mutable std::mutex mutex_;
  mutable std::unique_ptr<NpyReader> reader_;
  mutable int64_t next_ = 0;
  mutable std::map<int64_t, Image> ahead_;  // passed by, and not asked for yet
};

}  // namespace skipbench
