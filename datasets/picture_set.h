// Pictures of a collection in the container it is published in, to compare generated ones with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/io/image.h"

namespace skipbench {

class PictureSet {
 public:
  virtual ~PictureSet() = default;
  virtual std::string description() const = 0;        // "/data/cifar-10-batches-bin: 50000 pictures of CIFAR-10 (train)"
  virtual int64_t size() const = 0;
  // Unique in the set: a file's path inside the folder, a key of the database, "data_batch_1/00017".
  virtual std::string name(int64_t index) const = 0;
  // RGB. May be called from several threads at once. Throws Error naming the file and the picture.
  virtual Image Read(int64_t index) const = 0;
};

// PNG, JPEG and WebP files below a folder, in order of their paths. Throws Error when there are none.
std::unique_ptr<PictureSet> OpenPictureFiles(const std::filesystem::path& folder);

// What `path` is, by its content: CIFAR-10's binary version (cifar10.h), an LSUN database (lsun.h), or a folder of pictures.
std::unique_ptr<PictureSet> OpenPictureSet(const std::filesystem::path& path);

}  // namespace skipbench
