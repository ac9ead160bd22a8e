// ImageNet's 1000 classes (Russakovsky et al. 2015, ILSVRC 2012) as labels for a class-conditional model.
#pragma once

#include <filesystem>

#include "datasets/dataset.h"

namespace skipbench {

// {"type": "imagenet", "count": n, "sampling": "balanced" | "random", "seed": 0, "offset": 0, "classes": 1000,
//  "names": FILE, "reference": FOLDER OR FILE}
//   balanced (default)  rounds of all classes, each round in an order of its own: every n draws differ by at most one a class
//   random              a class drawn for each sample
//   names               optional: a line a class, in order of the labels ("n01440764 tench, Tinca tinca", or the name alone), to
//                       preview them by
//   reference           optional: a folder of pictures or a file of statistics (.npz) for Frechet distances
// Sample i has the label that the seed and i give, whatever count and offset are. Throws Error naming file and place.
Dataset ReadImageNet(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
