// HDF5 files that somebody else has had in hand. libhdf5 crashes and hangs on some damaged files, so it meets them in a
// process of its own first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/io/hdf5/hdf5_contents.h"

namespace skipbench::hdf5 {

// What a file holds that skipbench can read, whatever is damaged beside it.
struct Survey {
  Contents contents;
  std::string checksums;  // the root's attribute kChecksums, which is none of its contents; empty: there is none
  // What cannot be read of somebody's own additions, by the names that Contents has.
  std::vector<std::string> left_out;
};

// Reads all groups, datasets and attributes below `root`. `step` is called now and then. Error when the groups go
// deeper, or are more, than those of any result, or when the values take more than `max_bytes`.
Survey SurveyOf(const Group& root, uint64_t max_bytes, const std::function<void()>& step);

struct GuardedFile {
  Group root;
  bool copied = false;  // `root` is of a copy, which is gone when it is closed
  std::vector<std::string>
      notes;  // for the user: "FILE: changed after the run: it has the attribute note of / besides; ..."
};

// Opens a file for reading.
//   its checksum holds: another process reads it once and must come through; then it is opened as it is.
//   a program that writes HDF5 changed it (h5py, h5repack): another process reads it and makes a copy in the folder for
//   temporary files. All that was written must be there unchanged, by the file's list of checksums; what is there
//   besides is named in a note, and left out. Anything else, such as a truncated file, changed values, a file without
//   checksums: Error. With `unchecked`, what can be read of it, by the second way, with a note.
GuardedFile OpenGuarded(const std::filesystem::path& path, bool unchecked = false);

}  // namespace skipbench::hdf5
