// What a file holds, as checksums of its parts: they tell whether all that was written is still there, whatever a tool
// has done to the bytes around it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "harness/io/hdf5/hdf5.h"

namespace skipbench::hdf5 {

// Checksums are of 64 bits and guard against damage and edits, not against forgery. They depend on names, types, shapes
// and values alone: not on the order of writing, nor on how the values lie in the file.
class Contents {
 public:
  void AddGroup(const std::string& path);
  void AddDataset(const std::string& path, Type type, const Shape& shape);
  // Rows from `first` on; a row is added once. `elements`: of one row.
  template <class T>
  void AddRows(const std::string& path, int64_t first, int64_t elements, std::span<const T> values);
  template <class T>
  void AddAttribute(const std::string& path, const std::string& name, bool scalar, std::span<const T> values);

  const std::map<std::string, uint64_t>& items() const { return items_; }

 private:
  std::map<std::string, uint64_t> items_;
};

}  // namespace skipbench::hdf5
