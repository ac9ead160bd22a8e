// What pictures were asked to show, by the pictures' names.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace skipbench {

// From captions in MS-COCO's format: the first caption (by annotation id) of each image, under its file's name without
// extension and under its id in six digits. Throws Error naming the file and the place.
std::map<std::string, std::string> ReadCaptionsByName(const std::filesystem::path& path);

}  // namespace skipbench
