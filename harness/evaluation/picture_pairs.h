// Sets of pictures as metrics take them: as tensors, and in pairs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "datasets/picture_set.h"

namespace skipbench {

// uint8 [3, H, W], of a clip [T, 3, H, W]; R, G, B. May be called from several threads at once. Throws Error naming the
// file.
at::Tensor ReadPicture(const PictureSet& set, int64_t index);

// The index of each item of `a` with that of the item of `b` of the same name. Throws Error that counts and names those
// without a partner, in either, and for items of one name in one of them.
std::vector<std::pair<int64_t, int64_t>> PairByName(const PictureSet& a, const PictureSet& b);

// The same of those that have a partner only.
std::vector<std::pair<int64_t, int64_t>> CommonPairs(const PictureSet& a, const PictureSet& b);

}  // namespace skipbench
