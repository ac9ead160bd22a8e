// Sets of pictures, or of clips: what metrics measure and what generated pictures are compared with. Here those that
// lie on a disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// "a2" before "a10": runs of digits compare as numbers.
bool NaturalLess(const std::string& a, const std::string& b);

class PictureSet {
 public:
  virtual ~PictureSet() = default;
  virtual std::string description() const = 0;  // "/data/cifar-10-batches-bin: 50000 pictures of CIFAR-10 (train)"
  virtual bool clips() const { return false; }
  virtual int64_t size() const = 0;
  // What pairs go by: a file's path inside the folder without its extension, a clip's name, a key of the database,
  // "data_batch_1/00017". Two files that differ in their extension have the same.
  virtual std::string name(int64_t index) const = 0;
  // For messages: the file, or the container and the picture in it.
  virtual std::string where(int64_t index) const { return description() + ": " + name(index); }
  // How many frames a clip has, as far as that is known without reading it; else 0.
  virtual int64_t known_frames(int64_t index) const { return clips() ? 0 : 1; }
  // What people should know of the set although it can be read.
  virtual std::vector<std::string> notes() const { return {}; }
  // RGB: a picture, or the frames of a clip, all of one size. May be called from several threads at once. Throws Error
  // naming the file and the picture.
  virtual std::vector<Image> ReadFrames(int64_t index) const = 0;
  Image Read(int64_t index) const { return std::move(ReadFrames(index)[0]); }
};

struct PictureSetOptions {
  // A folder holds clips: every sub-folder with pictures is one; pictures in the folder itself are sequences:
  // walk_000.png, walk_001.png, ... are the clip "walk", and 000.png, 001.png, ... a clip with the folder's name.
  // Animated PNG and GIF files and videos are a clip each. A number that is missing between frames is noted.
  bool clips = false;
  int64_t frames = 0;  // of clips: the first so many, it is an Error if one has less; 0: all
};

// All pictures below a folder in natural order of their paths (2.png before 10.png), links to files and folders
// followed. Left out are names that begin with a dot (._* that a Mac leaves, .cache) and __MACOSX. EXIF orientation is
// not heeded, as FID packages do. Throws Error naming the folder when it is missing or has no pictures, and naming the
// file where one is in a format that is not read, a video among pictures, no file, or where a link leads back into a
// folder that it is in.
std::unique_ptr<PictureSet> OpenPictureFiles(const std::filesystem::path& folder,
                                             const PictureSetOptions& options = {});

// What `path` is, by its content: CIFAR-10's binary version or one file of it (cifar10.h), an LSUN database (lsun.h),
// an array (array_pictures.h), or a folder of pictures.
std::unique_ptr<PictureSet> OpenPictureSet(const std::filesystem::path& path, const PictureSetOptions& options = {});

}  // namespace skipbench
