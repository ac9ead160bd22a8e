// LSUN (Yu et al. 2015, arXiv 1506.03365): one LMDB database a category and split ("bedroom_train_lmdb"), key -> WebP
// or JPEG picture; or a folder of the pictures exported from it.
#pragma once

#include <filesystem>
#include <memory>

#include "datasets/catalog.h"
#include "datasets/picture_set.h"

namespace skipbench {

// A folder with data.mdb in it, or a file of that name.
bool IsLsunDatabase(const std::filesystem::path& path);

// Pictures in order of their keys; they keep their size. The entry "length" of resized copies is no picture, and has to
// be their number. Another process reads the database, which LMDB would not survive where its pages are damaged: that
// is an Error, when it is opened or for the pictures concerned. Throws Error naming the file: no database, a truncated
// one, one without pictures.
std::unique_ptr<PictureSet> OpenLsun(const std::filesystem::path& path);

// Numbered samples for an unconditional model, with the pictures as the reference.
DatasetType LsunType();

}  // namespace skipbench
