#include "harness/io/hdf5/hdf5.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "harness/base/text.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/files/exclusive_name.h"
#include "harness/io/hdf5/hdf5_internal.h"

namespace skipbench::hdf5 {

namespace internal {

void Quiet() {
  // In thread-safe builds of HDF5 every thread has an error stack, with a setting, of its own.
  thread_local const bool done = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  (void)done;
}

std::string FirstCause() {
  std::string cause;
  auto take = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && error && error->desc) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take, &cause);
  return cause;
}

Id CreationList(hid_t list_class) {
  Id list = Own<H5Pclose>(H5Pcreate(list_class));
  if (list.get() < 0 || H5Pset_obj_track_times(list.get(), false) < 0 ||
      H5Pset_attr_phase_change(list.get(), 1000, 900) < 0)
    Fail("HDF5 cannot be set up: {}", FirstCause());
  return list;
}

}  // namespace internal

using internal::Quiet;

namespace {

void RequireName(const std::string& name, const std::string& where) {
  if (name.empty() || name == "." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    Fail("{}: \"{}\" cannot be the name of a member", where, CleanText(name));
}

std::string Join(const std::string& path, const std::string& name) { return (path == "/" ? "" : path) + "/" + name; }

// Members in the order of their creation.
internal::Id GroupList(hid_t list_class) {
  internal::Id list = internal::CreationList(list_class);
  if (H5Pset_link_creation_order(list.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) < 0)
    Fail("HDF5 cannot be set up: {}", internal::FirstCause());
  return list;
}

}  // namespace

std::string Object::Where() const { return file_->storage.path().string() + ": " + path_; }

void Object::FailHere(const std::string& what) const {
  file_->storage.ThrowWriteError();
  const std::string cause = internal::FirstCause();
  Fail("{}: {}{}{}", Where(), what, cause.empty() ? "" : ": ", cause);
}

int64_t Object::Check(int64_t status, const std::string& what) const {
  if (status < 0) FailHere(what);
  return status;
}

// ---- groups ---------------------------------------------------------------------------------------------------------

std::vector<std::string> Group::Members() const {
  Quiet();
  internal::Id list = internal::Own<H5Pclose>(Check(H5Gget_create_plist(id_.get()), "cannot be read"));
  unsigned order = 0;
  H5Pget_link_creation_order(list.get(), &order);
  const H5_index_t index = order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  H5G_info_t info;
  Check(H5Gget_info(id_.get(), &info), "cannot be read");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    auto name_of = [&](char* to, size_t size) {
      return H5Lget_name_by_idx(id_.get(), ".", index, H5_ITER_INC, i, to, size, H5P_DEFAULT);
    };
    const int64_t length = Check(name_of(nullptr, 0), "has a member whose name cannot be read");
    std::string name(static_cast<size_t>(length) + 1, '\0');
    Check(name_of(name.data(), name.size()), "has a member whose name cannot be read");
    name.resize(static_cast<size_t>(length));
    names.push_back(std::move(name));
  }
  return names;
}

bool Group::Has(const std::string& name) const {
  Quiet();
  RequireName(name, Where());
  return H5Lexists(id_.get(), name.c_str(), H5P_DEFAULT) > 0;
}

bool Group::IsGroup(const std::string& name) const {
  if (!Has(name)) return false;
  internal::Id object = internal::Own<H5Oclose>(H5Oopen(id_.get(), name.c_str(), H5P_DEFAULT));
  return object.get() >= 0 && H5Iget_type(object.get()) == H5I_GROUP;
}

Group Group::CreateGroup(const std::string& name) {
  Quiet();
  RequireName(name, Where());
  internal::Id list = GroupList(H5P_GROUP_CREATE);
  const hid_t made = H5Gcreate2(id_.get(), name.c_str(), H5P_DEFAULT, list.get(), H5P_DEFAULT);
  Check(made, "the group " + name + " cannot be made");
  file_->contents.AddGroup(Join(path_, name));
  return Group(file_, internal::Own<H5Gclose>(made), Join(path_, name));
}

int64_t Group::Open(const std::string& name, const char* as, int64_t (*open)(int64_t, const char*, int64_t)) const {
  if (!Has(name)) Fail("{}: {}: missing", file_->storage.path().string(), Join(path_, name));
  return Check(open(id_.get(), name.c_str(), H5P_DEFAULT), name + " cannot be opened as a " + as);
}

Group Group::OpenGroup(const std::string& name) const {
  return Group(file_, internal::Own<H5Gclose>(Open(name, "group", H5Gopen2)), Join(path_, name));
}

Dataset Group::OpenDataset(const std::string& name) const {
  return Dataset(file_, internal::Own<H5Dclose>(Open(name, "dataset", H5Dopen2)), Join(path_, name));
}

void Group::CopyGroup(const Group& other, const std::string& name) {
  CreateGroup(name).CopyContents(other.OpenGroup(name), [](const std::string&) { return true; });
}

// Not H5Ocopy: libhdf5 1.10.8 crashes in it on objects with more than eight attributes of variable length.
void Group::CopyContents(const Group& from, const Keep& keep) {
  const auto copy_attributes = [&](const Object& source, Object& target) {
    for (const auto& name : source.AttributeNames())
      if (keep(source.path() + ": " + name)) target.CopyAttribute(source, name);
  };
  copy_attributes(from, *this);
  for (const auto& member : from.Members()) {
    if (!keep(Join(from.path(), member))) continue;
    if (from.IsGroup(member)) {
      CreateGroup(member).CopyContents(from.OpenGroup(member), keep);
      continue;
    }
    const Dataset source = from.OpenDataset(member);
    Dataset target = MakeDataset(member, source.type(), source.shape());
    copy_attributes(source, target);
    target.CopyRows(source, 0, source.rows(), 0);
  }
}

// ---- files ----------------------------------------------------------------------------------------------------------

namespace internal {

Group OpenRoot(std::shared_ptr<File> file) {
  const hid_t root = H5Gopen2(file->id.get(), "/", H5P_DEFAULT);
  if (root < 0) Fail("{}: not a readable HDF5 file: {}", file->storage.path().string(), FirstCause());
  return Group(std::move(file), Own<H5Gclose>(root), "/");
}

Group OpenStorage(Storage storage) {
  Quiet();
  auto file = std::make_shared<File>(std::move(storage));
  Id list = Own<H5Pclose>(AccessList(file->storage));
  file->id = Own<H5Fclose>(H5Fopen(file->storage.path().c_str(), H5F_ACC_RDONLY, list.get()));
  if (file->id.get() < 0) Fail("{}: not a readable HDF5 file: {}", file->storage.path().string(), FirstCause());
  return OpenRoot(std::move(file));
}

}  // namespace internal

Group OpenFile(const std::filesystem::path& path) {
  Storage storage = Storage::Open(path);
  if (!storage.flaw().empty()) Fail("{}: {}", path.string(), storage.flaw());
  return internal::OpenStorage(std::move(storage));
}

FileWriter::FileWriter(const std::filesystem::path& path, bool compressed) : path_(path) {
  Quiet();
  TemporaryFile temporary(path);
  temporary_ = std::move(temporary.name);
  file_ = std::make_shared<internal::File>(Storage::Write(temporary.descriptor, path_));
  file_->compressed = compressed;
  internal::Id access = internal::Own<H5Pclose>(AccessList(file_->storage));
  // Version 1.10's datasets of one chunk need no index, which of small ones is larger than they are.
  if (compressed && H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110) < 0)
    Fail("HDF5 cannot be set up: {}", internal::FirstCause());
  internal::Id creation = GroupList(H5P_FILE_CREATE);
  if (H5Pset_userblock(creation.get(), kUserBlockSize) < 0) Fail("HDF5 cannot be set up: {}", internal::FirstCause());
  file_->id = internal::Own<H5Fclose>(H5Fcreate(temporary_.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()));
  if (file_->id.get() < 0) Fail("{}: cannot be created: {}", path.string(), internal::FirstCause());
  root_ = std::make_unique<Group>(internal::OpenRoot(file_));
}

FileWriter::~FileWriter() {
  if (!file_) return;
  root_.reset();
  file_->id = internal::Id();
  unlink(temporary_.c_str());
}

const std::map<std::string, uint64_t>& FileWriter::Checksums() { return file_->contents.items(); }

void FileWriter::Complete() {
  if (!file_) Fail("{}: is already complete", path_.string());
  Quiet();
  std::string checksums;
  for (const auto& [what, sum] : Checksums()) checksums += fmt::format("{:016x}", sum);
  root_->SetAttribute(kChecksums, checksums);
  root_.reset();
  // By hand, because the destructor of an identifier cannot tell that closing failed.
  if (H5Fclose(file_->id.get()) < 0) {
    file_->storage.ThrowWriteError();
    Fail("{}: cannot be completed: {}", path_.string(), internal::FirstCause());
  }
  file_->id.Release();
  file_->storage.Seal();
}

void FileWriter::Commit() {
  Complete();
  if (rename(temporary_.c_str(), path_.c_str()) != 0)
    Fail("{}: cannot be put in place: {}", path_.string(), std::strerror(errno));
  file_.reset();
  SyncFolder(path_.parent_path());
}

bool FileWriter::CommitNew(bool may_replace) {
  Complete();
  const bool taken = TakeName(temporary_, path_, may_replace);
  file_.reset();
  if (taken) SyncFolder(path_.parent_path());
  return taken;
}

std::string LibraryVersion() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace skipbench::hdf5
