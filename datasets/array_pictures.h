// Pictures that an array holds (harness/io/pictures/npy_pictures.h), as a set.
#pragma once

#include <filesystem>
#include <memory>

#include "datasets/picture_set.h"

namespace skipbench {

// A file .npy or .npz, by its name.
bool IsPictureArray(const std::filesystem::path& path);

// A .npy file, or the member arr_0 of an .npz archive. Pictures are named by their place in six digits, as samples of a
// result are by their ids. Throws Error naming the array where it holds no pictures.
std::unique_ptr<PictureSet> OpenPictureArray(const std::filesystem::path& path);

}  // namespace skipbench
