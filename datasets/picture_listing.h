// Which files below a folder are pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

struct PictureListing {
  std::vector<std::filesystem::path> pictures, videos;  // relative to the folder, in no order
};

// As OpenPictureFiles (picture_set.h) describes it; at least one of the two is not empty. A link that leads nowhere is
// listed by its name, so that reading says so. Bounds: folders 64 deep, 20,000,000 entries.
PictureListing ListPictures(const std::filesystem::path& folder);

// "a2" before "a10": runs of digits compare as numbers.
bool NaturalLess(const std::string& a, const std::string& b);

}  // namespace skipbench
