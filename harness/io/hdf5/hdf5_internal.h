// Shared by the files that call libhdf5.
#pragma once

#include <hdf5.h>

#include <string>

#include "harness/io/hdf5/hdf5.h"
#include "harness/io/hdf5/hdf5_contents.h"
#include "harness/io/hdf5/hdf5_storage.h"

// X(T) for the type of every value that is stored: what templates are instantiated for.
#define SKIPBENCH_HDF5_FOR_EACH_TYPE(X) \
  X(uint8_t) X(int16_t) X(int32_t) X(int64_t) X(uint64_t) X(float) X(double) X(std::string)

namespace skipbench::hdf5::internal {

// Keeps HDF5 from printing its error stack, in this thread. Called by whatever calls HDF5.
void Quiet();

// The innermost entry of HDF5's error stack, as text; empty if there is none.
std::string FirstCause();

template <herr_t (*close)(hid_t)>
int QuietClose(int64_t id) {
  Quiet();
  return close(id);
}

// Own<H5Gclose>(group): closed at the end.
template <herr_t (*close)(hid_t)>
Id Own(hid_t id) {
  return {id, QuietClose<close>};
}

// A list for the creation of objects: without times, so that equal content gives equal files; with attributes in the
// object's own header, because the other place for them ("dense storage", from nine attributes on) is slower and has
// had bugs.
Id CreationList(hid_t list_class);

struct File {
  explicit File(Storage opened) : storage(std::move(opened)) {}
  Storage storage;  // outlives `id`: closing the file writes
  Id id;
  Contents contents;        // of a file that is being written
  bool compressed = false;  // of what is written, datasets of more than a few KB
};

// Opens the HDF5 file in `storage`, whatever it holds.
Group OpenStorage(Storage storage);

}  // namespace skipbench::hdf5::internal
