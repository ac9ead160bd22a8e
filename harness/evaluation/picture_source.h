// Where pictures to be measured come from: folders of PNG and JPEG files, or the pictures kept in results.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
  // uint8 [3, H, W], of a clip [T, 3, H, W]; R, G, B. May be called from several threads at once. Throws Error naming
  // the file.
  virtual at::Tensor Read(int64_t index) const = 0;
};

enum class FolderContent {
  kPictures,  // every picture below the folder, by itself
  kClips,     // every sub-folder with pictures is a clip; pictures in the folder itself are sequences: walk_000.png,
              // walk_001.png,
              // ... are the clip "walk", and 000.png, 001.png, ... a clip with the folder's name
};

// In natural order of the names (frame_2 before frame_10). Throws Error naming the folder when it is missing or has no
// pictures, and when two files have the same name but for the extension.
std::unique_ptr<PictureSource> OpenPictureFolder(const std::filesystem::path& folder, FolderContent content);

// The pictures of one setting's samples that were done. Error when the results do not hold pictures. `result` must
// outlive it.
std::unique_ptr<PictureSource> OpenResultPictures(const ResultReader& result, size_t setting);

// The index of each item of `a` with that of its partner in `b`: the item of the same name. Throws Error that counts
// and names those without a partner, in either.
std::vector<std::pair<int64_t, int64_t>> PairByName(const PictureSource& a, const PictureSource& b);

// The same of those that have a partner only.
std::vector<std::pair<int64_t, int64_t>> CommonPairs(const PictureSource& a, const PictureSource& b);

// "a2" before "a10": runs of digits compare as numbers.
bool NaturalLess(const std::string& a, const std::string& b);

}  // namespace skipbench
