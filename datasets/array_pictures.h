// Pictures kept as one array: the arr_0 of a batch as guided-diffusion (ADM) publishes them, or a .npy file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datasets/picture_set.h"
#include "harness/io/files/npy.h"

namespace skipbench {

// Read front to back, so that an archive of any size takes the memory of a few pictures, compressed or not. Pictures
// are cheap to ask for in about their order, whichever thread does; one that lies far back costs reading again from the
// start. They are named by their places in six digits, as samples of a result are by their ids.
class ArrayPictures : public PictureSet {
 public:
  // A .npy file, or the member arr_0 of an .npz archive. Throws Error naming the array for what holds no pictures:
  // expected are bytes (uint8) [n, H, W, 3], [n, 3, H, W], or grey [n, H, W, 1], [n, H, W] (but where one of these is 3
  // channels rather: [H, W, 3], [3, H, W]), in C order.
  explicit ArrayPictures(std::filesystem::path path);

  // Whether a file is meant to be one, by its name.
  static bool IsNamed(const std::filesystem::path& path);
  // Whether an array could be such pictures, by its header alone.
  static bool Fits(const NpyReader& array);

  std::string description() const override;
  int64_t size() const override { return count_; }
  std::string name(int64_t index) const override;
  std::string where(int64_t index) const override;
  std::vector<Image> ReadFrames(int64_t index) const override;

 private:
  std::unique_ptr<NpyReader> Open() const;
  Image ReadNext() const;

  std::filesystem::path path_;
  std::string array_;  // what the array is called in messages
  int64_t count_ = 0;
  int height_ = 0, width_ = 0, channels_ = 3;
  bool planes_ = false;  // [n, 3, H, W]

  mutable std::mutex mutex_;
  mutable std::unique_ptr<NpyReader> reader_;
  mutable int64_t next_ = 0;
  mutable std::map<int64_t, Image> ahead_;  // passed by, and not asked for yet
};

}  // namespace skipbench
