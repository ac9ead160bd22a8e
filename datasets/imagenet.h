// ImageNet's 1000 classes (Russakovsky et al. 2015, ILSVRC 2012) as labels for a class-conditional model.
#pragma once

#include "datasets/catalog.h"

namespace skipbench {

// Sample i has the label that the seed and i give, whatever count and offset are: in rounds of all classes, each in an
// order of its own (every n samples differ by at most one a class), or one drawn for each.
DatasetType ImageNetType();

}  // namespace skipbench
