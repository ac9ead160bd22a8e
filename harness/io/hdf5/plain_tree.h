// An HDF5 file's content as messages of plain bytes: what the process that reads a file hands over to the one that
// asked for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/hdf5/hdf5.h"

namespace skipbench::hdf5 {

using SendMessage = std::function<void(std::string_view)>;

// Sends all groups, datasets and attributes below `root`; names of things that skipbench cannot hold are sent instead
// of them. Error when the groups go deeper, or are more, than those of any result.
void SendTree(const Group& root, const SendMessage& send);

// Reads whatever could end libhdf5 on a damaged file: all but numbers that lie there as they are. `step` is called now
// and then.
void WalkTree(const Group& root, const std::function<void()>& step);

// Makes a new file of such messages. They are not trusted: Error when they make no sense.
class TreeBuilder {
 public:
  // Error also when the datasets claim more than `max_bytes` together.
  TreeBuilder(FileWriter& file, uint64_t max_bytes);
  void Take(std::string_view message);
  // Closes what is open in the file.
  void Close();
  // The attribute kChecksums of the root, which is not copied; empty: there was none.
  const std::string& checksums() const { return checksums_; }
  // What could not be held: "/note (of a type that skipbench does not read)".
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  class Reader;
  void TakeAttribute(Reader& reader);
  void TakeRows(Reader& reader);
  Group& Inner();  // the innermost open group
  Object& Current();

  FileWriter& file_;
  uint64_t bytes_left_;
  std::vector<Group> groups_;         // the open ones below the root
  std::unique_ptr<Dataset> dataset_;  // the open one
  std::string checksums_;
  std::vector<std::string> left_out_;
};

}  // namespace skipbench::hdf5
