// Shared by the files that call libhdf5.
#pragma once

#include <hdf5.h>

#include <memory>
#include <string>

#include "harness/io/hdf5/hdf5.h"
#include "harness/io/hdf5/hdf5_contents.h"
#include "harness/io/hdf5/hdf5_storage.h"

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

inline Id OwnGroup(hid_t id) { return {id, QuietClose<H5Gclose>}; }
inline Id OwnDataset(hid_t id) { return {id, QuietClose<H5Dclose>}; }
inline Id OwnAttribute(hid_t id) { return {id, QuietClose<H5Aclose>}; }
inline Id OwnSpace(hid_t id) { return {id, QuietClose<H5Sclose>}; }
inline Id OwnType(hid_t id) { return {id, QuietClose<H5Tclose>}; }
inline Id OwnList(hid_t id) { return {id, QuietClose<H5Pclose>}; }
inline Id OwnFile(hid_t id) { return {id, QuietClose<H5Fclose>}; }
inline Id OwnObject(hid_t id) { return {id, QuietClose<H5Oclose>}; }

// A list for the creation of objects: without times, so that equal content gives equal files; with attributes in the
// object's own header, because the other place for them ("dense storage", from nine attributes on) is slower and has
// had bugs.
Id CreationList(hid_t list_class);

struct File {
  explicit File(Storage opened) : storage(std::move(opened)) {}
  Storage storage;  // outlives `id`: closing the file writes
  Id id;
  Contents contents;  // of a file that is being written
};

// Opens the HDF5 file in `storage`, whatever it holds.
Group OpenStorage(Storage storage);

}  // namespace skipbench::hdf5::internal
