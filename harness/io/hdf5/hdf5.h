// HDF5 files: groups, datasets and attributes with C++ types, errors with the file, the object and HDF5's own first
// cause, and files that are either whole or not there. Nothing of libhdf5 shows through.
//
// Files read well from h5py: strings are UTF-8 of variable length, axes are named (DIMENSION_LABELS), units are
// attributes, and members come in the order in which they were made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5_values.h"

namespace skipbench::hdf5 {

class Group : public Object {
 public:
  std::vector<std::string> Members() const;  // in the order of creation (of names, in files made by others)
  bool Has(const std::string& name) const;
  bool IsGroup(const std::string& name) const;

  Group CreateGroup(const std::string& name);
  Group OpenGroup(const std::string& name) const;

  // An array whose rows are to be written. `axes`: a name for each axis. `units` may be empty.
  Dataset CreateDataset(const std::string& name, Type type, const Shape& shape, const std::vector<std::string>& axes,
                        const std::string& units = "");
  Dataset OpenDataset(const std::string& name) const;

  // A whole array at once; its size must be the shape's.
  template <class T>
  Dataset Write(const std::string& name, const std::vector<T>& values, const Shape& shape,
                const std::vector<std::string>& axes, const std::string& units = "") {
    Dataset dataset = CreateDataset(name, TypeOf<T>(), shape, axes, units);
    dataset.WriteRows<T>(0, std::span<const T>(values));
    return dataset;
  }
  template <class T>
  std::vector<T> Read(const std::string& name) const {
    return OpenDataset(name).Read<T>();
  }

  // Copies a group of another file, with everything in it.
  void CopyGroup(const Group& other, const std::string& name);
  // Copies what is in a group of another file, attributes too; of what `keep` says no to, nothing. It is asked by the
  // names that FileWriter::Checksums() has.
  using Keep = std::function<bool(const std::string& what)>;
  void CopyContents(const Group& from, const Keep& keep);

 private:
  // CreateDataset without attributes.
  Dataset MakeDataset(const std::string& name, Type type, const Shape& shape);
  // `open`: H5Gopen2 or H5Dopen2.
  int64_t Open(const std::string& name, const char* as, int64_t (*open)(int64_t, const char*, int64_t)) const;
  friend class FileWriter;
  friend Group internal::OpenRoot(std::shared_ptr<internal::File> file);
  using Object::Object;
};

// Opens a file of one's own for reading; it stays open as long as an object of it lives. Error naming the file when it
// is missing, truncated, damaged (its checksum is verified: the whole file is read once), without a checksum, or not
// HDF5. Files that others may have had in hand: hdf5_guarded.h.
Group OpenFile(const std::filesystem::path& path);

// The attribute of the root that lists the checksum of everything in a file, one after the other, 16 hexadecimal digits
// each (hdf5_contents.h).
inline constexpr const char* kChecksums = "checksums";

// A new file. It is a TemporaryFile (atomic_file.h), so that two writers of one name never meet in a file, and gets its
// name only when Commit() has brought it to the disk.
class FileWriter {
 public:
  // `compressed`: datasets of more than a few KB by deflate, in one piece: for files that are kept and read whole.
  explicit FileWriter(const std::filesystem::path& path, bool compressed = false);
  ~FileWriter();  // not committed: the temporary file is removed
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  Group& root() { return *root_; }
  // Closes the file (its groups and datasets are invalid from here on), writes its checksum, syncs, renames, syncs the
  // folder. Error naming the file and the cause; whatever stood under the name before is then still there.
  void Commit();
  // The same where nothing stands under the name; false, and nothing is written: something does. `may_replace`: as of
  // TakeName() in exclusive_name.h.
  bool CommitNew(bool may_replace);
  // Checksums of all that was written, by what it is ("/samples/id", "/settings/0: label").
  const std::map<std::string, uint64_t>& Checksums();

 private:
  void Complete();
  std::filesystem::path path_, temporary_;
  std::shared_ptr<internal::File> file_;
  std::unique_ptr<Group> root_;
};

// "1.10.8", of the library that is loaded.
std::string LibraryVersion();

}  // namespace skipbench::hdf5
