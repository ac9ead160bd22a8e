// Where pictures to be measured come from: collections on the disk, or the pictures kept in results.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datasets/picture_set.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// An ordered set of pictures, or of clips.
class PictureSource {
 public:
  virtual ~PictureSource() = default;
  virtual std::string description() const = 0;  // "/data/a (500 pictures)"
  virtual bool clips() const = 0;
  virtual int64_t size() const = 0;
  // What pairs go by: a file's path inside the folder without its extension, a clip's name, a sample's id in six
  // digits.
  virtual const std::string& name(int64_t index) const = 0;
  // For messages: the file, or the result with setting and sample.
  virtual std::string where(int64_t index) const = 0;
  // How many frames a clip has, as far as that is known without reading it; else 0.
  virtual int64_t known_frames(int64_t index) const = 0;
  // uint8 [3, H, W], of a clip [T, 3, H, W]; R, G, B. May be called from several threads at once. Throws Error naming
  // the file.
  virtual at::Tensor Read(int64_t index) const = 0;
};

// A collection as datasets/picture_set.h finds it at `path`.
std::unique_ptr<PictureSource> OpenPictures(const std::filesystem::path& path, const PictureSetOptions& options);

// The pictures of one setting's samples that were done. Error when the results do not hold pictures. `result` must
// outlive it.
std::unique_ptr<PictureSource> OpenResultPictures(const ResultReader& result, size_t setting);

// The index of each item of `a` with that of its partner in `b`: the item of the same name. Throws Error that counts
// and names those without a partner, in either, and
// for items of one name in one of them.
std::vector<std::pair<int64_t, int64_t>> PairByName(const PictureSource& a, const PictureSource& b);

// The same of those that have a partner only.
std::vector<std::pair<int64_t, int64_t>> CommonPairs(const PictureSource& a, const PictureSource& b);

}  // namespace skipbench
