// What a file holds that skipbench can read, whatever is damaged beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5_contents.h"

namespace skipbench::hdf5 {

struct Survey {
  Contents contents;
  std::string checksums;  // the root's attribute kChecksums, which is none of its contents; empty: there is none
  // What cannot be read of somebody's own additions, by the names that Contents has.
  std::vector<std::string> left_out;
};

// Reads all groups, datasets and attributes below `root`. `step` is called now and then. Error when the groups go
// deeper, or are more, than those of any result, or when the values take more than `max_bytes`.
Survey SurveyOf(const Group& root, uint64_t max_bytes, const std::function<void()>& step);

// Reads whatever could end libhdf5 on a damaged file: all but numbers that lie there as they are.
void Rehearse(const Group& root, const std::function<void()>& step);

}  // namespace skipbench::hdf5
