// The ratios that MagCache's scripts have as literals.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace skipbench {

struct PublishedRatios {
  std::string_view name;
  std::vector<std::vector<double>> rows;  // as MagRatios::rows
};

// Of github.com/Zehong-Ma/MagCache at df81cb1 (2025-11): each model's script.
std::span<const PublishedRatios> AllPublishedRatios();

}  // namespace skipbench
