// The pictures kept in results.
#pragma once

#include <memory>

#include "datasets/picture_set.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// Those of one setting's samples that were done; their names are the samples' ids in six digits. Error when the results
// do not hold pictures. `result` must outlive it.
std::unique_ptr<PictureSet> OpenResultPictures(const ResultReader& result, size_t setting);

}  // namespace skipbench
