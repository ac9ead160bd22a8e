// Pictures that an array holds (harness/io/npy_pictures.h), as a source.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "harness/evaluation/picture_source.h"

namespace skipbench {

// A .npy file, or a member of an .npz archive. Pictures are named by their place in six digits, as samples of a result
// are by their ids. Throws Error naming the array where it holds no pictures.
std::unique_ptr<PictureSource> OpenPictureArray(const std::filesystem::path& path, const std::string& member = "arr_0");

}  // namespace skipbench
