// CIFAR-10, binary version (Krizhevsky 2009; https://www.cs.toronto.edu/~kriz/cifar.html): data_batch_1.bin to
// data_batch_5.bin (train) and test_batch.bin, each 10,000 records of one byte of label and 3072 bytes of picture: 32 x
// 32 red, then green, then blue, row by row.
#pragma once

#include <filesystem>
#include <memory>

#include "datasets/catalog.h"
#include "datasets/picture_set.h"

namespace skipbench {

// A folder with data_batch_1.bin or test_batch.bin in it.
bool IsCifar10(const std::filesystem::path& folder);

// One of the files named above, by its name.
bool IsCifar10File(const std::filesystem::path& file);
// Its pictures alone.
std::unique_ptr<PictureSet> OpenCifar10File(const std::filesystem::path& file);

// `split`: "train" or "test". Every file must be there with all of its records, unless `partial`: then whole records
// are enough. Throws Error naming the file, also for a label above 9.
std::unique_ptr<PictureSet> OpenCifar10(const std::filesystem::path& folder, const std::string& split, bool partial);

// Numbered samples for an unconditional model, with the pictures of the folder as the reference.
DatasetType Cifar10Type();

}  // namespace skipbench
