// How much larger the residual of the blocks is than that of the call before: what MagCache decides by.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

struct PublishedRatios {
  std::string_view name;
  std::vector<std::vector<double>> rows;  // as MagRatios::rows
};

// Of github.com/Zehong-Ma/MagCache at df81cb1 (2025-11): the literals of each model's script.
std::span<const PublishedRatios> AllPublishedRatios();

// A ratio for each call; the first, which has no call before it, is 1.
struct MagRatios {
  std::string name = {};                       // a published name, a file, or "" of a list
  std::string model = {};                      // RunShape::model they were measured on; "": not known
  std::vector<std::vector<double>> rows = {};  // one list, or an unconditional and a conditional one, equally long
};

// A file that `skipbench calibrate` made; relative ones start from `folder`. Throws Error naming file and key.
MagRatios ReadMagRatios(const std::filesystem::path& folder, const std::string& file);

// Takes `ratios` to another number of calls, by the nearest neighbour, ties to the even one; all sources do it alike,
// but diffusers in float32 (`single`), which decides ties otherwise.
std::vector<double> ResampleRatios(const std::vector<double>& ratios, int calls, bool single);

}  // namespace skipbench
