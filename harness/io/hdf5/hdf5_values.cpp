#include "harness/io/hdf5/hdf5_values.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "harness/base/text.h"
#include "harness/io/hdf5/hdf5_internal.h"

namespace skipbench::hdf5 {

using internal::Quiet;

namespace {

void RequireStorable(const std::string& where, std::span<const std::string> texts) {
  for (const auto& text : texts)
    if (FindBadText(text) != std::string_view::npos)
      Fail("{}: \"{}\" is not valid UTF-8, or holds a zero byte", where, CleanText(text));
}

internal::Id StringType() {
  internal::Id type = internal::OwnType(H5Tcopy(H5T_C_S1));
  if (H5Tset_size(type.get(), H5T_VARIABLE) < 0 || H5Tset_cset(type.get(), H5T_CSET_UTF8) < 0)
    Fail("HDF5 cannot be set up: {}", internal::FirstCause());
  return type;
}

// The type in the file: little-endian, IEEE.
internal::Id FileType(Type type) {
  switch (type) {
    case Type::kUint8: return internal::OwnType(H5Tcopy(H5T_STD_U8LE));
    case Type::kInt16: return internal::OwnType(H5Tcopy(H5T_STD_I16LE));
    case Type::kInt32: return internal::OwnType(H5Tcopy(H5T_STD_I32LE));
    case Type::kInt64: return internal::OwnType(H5Tcopy(H5T_STD_I64LE));
    case Type::kUint64: return internal::OwnType(H5Tcopy(H5T_STD_U64LE));
    case Type::kFloat32: return internal::OwnType(H5Tcopy(H5T_IEEE_F32LE));
    case Type::kFloat64: return internal::OwnType(H5Tcopy(H5T_IEEE_F64LE));
    case Type::kString: return StringType();
  }
  Fail("HDF5: unknown type");
}

hid_t NumberInMemory(Type type) {
  switch (type) {
    case Type::kUint8: return H5T_NATIVE_UINT8;
    case Type::kInt16: return H5T_NATIVE_INT16;
    case Type::kInt32: return H5T_NATIVE_INT32;
    case Type::kInt64: return H5T_NATIVE_INT64;
    case Type::kUint64: return H5T_NATIVE_UINT64;
    case Type::kFloat32: return H5T_NATIVE_FLOAT;
    default: return H5T_NATIVE_DOUBLE;
  }
}

// What is stored; false for types that cannot be read. float16 and bfloat16, which skipbench does not write, are read
// as float32.
bool TypeOfStored(hid_t stored, Type& type) {
  const size_t size = H5Tget_size(stored);
  switch (H5Tget_class(stored)) {
    case H5T_STRING: type = Type::kString; return true;
    case H5T_FLOAT: type = size == 8 ? Type::kFloat64 : Type::kFloat32; return size == 2 || size == 4 || size == 8;
    case H5T_INTEGER: {
      const bool is_signed = H5Tget_sign(stored) == H5T_SGN_2;
      if (size == 1 && !is_signed)
        type = Type::kUint8;
      else if (size == 2 && is_signed)
        type = Type::kInt16;
      else if (size == 4 && is_signed)
        type = Type::kInt32;
      else if (size == 8)
        type = is_signed ? Type::kInt64 : Type::kUint64;
      else
        return false;
      return true;
    }
    default: return false;
  }
}

// Why TypeOfStored() says no.
const char* WhyNotRead(hid_t stored) {
  if (H5Tget_class(stored) == H5T_OPAQUE)
    return "holds raw bytes without a meaning (HDF5's opaque type): what h5py makes of a type that NumPy lacks, such "
           "as bfloat16 or "
           "float8; write it as float16 or float32";
  return "holds values of a type that skipbench does not write";
}

// Whether every value of `stored` is a value of `wanted` (integers of 64 bits count as exact in double: what is read so
// are counts far below 2^53).
bool Holds(Type wanted, Type stored) {
  if (wanted == stored) return true;
  if (stored == Type::kString) return false;
  if (wanted == Type::kFloat64) return true;
  const bool small = stored == Type::kUint8 || stored == Type::kInt16 || stored == Type::kInt32;
  if (wanted == Type::kInt64) return small;
  if (wanted == Type::kInt32) return stored == Type::kUint8 || stored == Type::kInt16;
  return wanted == Type::kUint64 && stored == Type::kUint8;
}

// Strings of an attribute or a selection of a dataset; `read` fills a buffer of the memory type it is given.
template <class Read>
bool ReadStrings(hid_t stored, hid_t memory_space, size_t count, Read read, std::vector<std::string>& out) {
  out.reserve(count);
  if (H5Tis_variable_str(stored) > 0) {
    internal::Id type = internal::OwnType(H5Tcopy(stored));
    std::vector<char*> pointers(count, nullptr);
    if (read(type.get(), pointers.data()) < 0) return false;
    for (const char* pointer : pointers) out.emplace_back(pointer ? pointer : "");
    H5Dvlen_reclaim(type.get(), memory_space, H5P_DEFAULT, pointers.data());
    return true;
  }
  // Fixed length, as other tools write them.
  const size_t size = H5Tget_size(stored);
  if (size == 0 || size > std::numeric_limits<uint32_t>::max() / std::max<size_t>(count, 1)) return false;
  std::vector<char> bytes(size * count);
  if (read(stored, bytes.data()) < 0) return false;
  for (size_t i = 0; i < count; ++i) out.emplace_back(bytes.data() + i * size, strnlen(bytes.data() + i * size, size));
  return true;
}

template <class T>
bool WriteValues(std::span<const T> values, auto write) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    internal::Id type = StringType();
    return write(type.get(), pointers.data()) >= 0;
  } else {
    return write(NumberInMemory(TypeOf<T>()), values.data()) >= 0;
  }
}

hsize_t ToLength(int64_t value) { return static_cast<hsize_t>(value); }

internal::Id VectorSpace(int64_t count) {
  const hsize_t length = ToLength(count);
  return internal::OwnSpace(H5Screate_simple(1, &length, nullptr));
}

}  // namespace

int64_t Elements(const Shape& shape) {
  constexpr int64_t kMax = int64_t{1} << 62;
  int64_t count = 1;
  for (const int64_t length : shape) {
    if (length < 0 || (length > 0 && count > kMax / length)) Fail("an array with an impossible axis length {}", length);
    count *= length;
  }
  return count;
}

const char* TypeName(Type type) {
  switch (type) {
    case Type::kUint8: return "uint8";
    case Type::kInt16: return "int16";
    case Type::kInt32: return "int32";
    case Type::kInt64: return "int64";
    case Type::kUint64: return "uint64";
    case Type::kFloat32: return "float32";
    case Type::kFloat64: return "float64";
    case Type::kString: return "text";
  }
  return "?";
}

// ---- attributes -----------------------------------------------------------------------------------------------------

namespace {

template <class T>
bool CreateAttribute(hid_t object, const std::string& name, std::span<const T> values, bool scalar) {
  internal::Id space =
      scalar ? internal::OwnSpace(H5Screate(H5S_SCALAR)) : VectorSpace(static_cast<int64_t>(values.size()));
  internal::Id type = FileType(TypeOf<T>());
  internal::Id attribute =
      internal::OwnAttribute(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
  if (attribute.get() < 0) return false;
  if (values.empty()) return true;
  return WriteValues<T>(values,
                        [&](hid_t memory, const void* from) { return H5Awrite(attribute.get(), memory, from); });
}

}  // namespace

template <class T>
void Object::SetAttribute(const std::string& name, const T& value) {
  Quiet();
  if constexpr (std::is_same_v<T, std::string>) RequireStorable(Where() + ": " + name, {&value, 1});
  if (!CreateAttribute<T>(id_.get(), name, {&value, 1}, true)) FailHere("the attribute " + name + " cannot be written");
  file_->contents.AddAttribute<T>(path_, name, true, {&value, 1});
}

template <class T>
void Object::SetAttribute(const std::string& name, const std::vector<T>& values) {
  Quiet();
  if constexpr (std::is_same_v<T, std::string>) RequireStorable(Where() + ": " + name, values);
  if (!CreateAttribute<T>(id_.get(), name, values, false)) FailHere("the attribute " + name + " cannot be written");
  file_->contents.AddAttribute<T>(path_, name, false, values);
}

bool Object::HasAttribute(const std::string& name) const {
  Quiet();
  return H5Aexists(id_.get(), name.c_str()) > 0;
}

template <class T>
std::vector<T> Object::AttributeList(const std::string& name) const {
  if (!HasAttribute(name)) Fail("{}: the attribute {} is missing", Where(), name);
  internal::Id attribute = internal::OwnAttribute(Check(H5Aopen(id_.get(), name.c_str(), H5P_DEFAULT), name));
  internal::Id stored = internal::OwnType(Check(H5Aget_type(attribute.get()), name));
  internal::Id space = internal::OwnSpace(Check(H5Aget_space(attribute.get()), name));
  Type type;
  if (!TypeOfStored(stored.get(), type)) Fail("{}: the attribute {} {}", Where(), name, WhyNotRead(stored.get()));
  if (!Holds(TypeOf<T>(), type)) Fail("{}: the attribute {} is not of type {}", Where(), name, TypeName(TypeOf<T>()));
  const int64_t count = Check(H5Sget_simple_extent_npoints(space.get()), name);
  if (ToLength(count) > file_->storage.size()) Fail("{}: the attribute {} claims {} values", Where(), name, count);
  std::vector<T> values;
  bool read = true;
  if constexpr (std::is_same_v<T, std::string>) {
    read = count == 0 || ReadStrings(
                             stored.get(), space.get(), static_cast<size_t>(count),
                             [&](hid_t memory, void* to) { return H5Aread(attribute.get(), memory, to); }, values);
  } else {
    values.resize(static_cast<size_t>(count));
    read = count == 0 || H5Aread(attribute.get(), NumberInMemory(TypeOf<T>()), values.data()) >= 0;
  }
  if (!read) FailHere("the attribute " + name + " cannot be read");
  return values;
}

template <class T>
T Object::Attribute(const std::string& name) const {
  std::vector<T> values = AttributeList<T>(name);
  if (values.size() != 1) Fail("{}: the attribute {} has {} values, expected one", Where(), name, values.size());
  return values[0];
}

std::string Object::AttributeOr(const std::string& name, const std::string& fallback) const {
  return HasAttribute(name) ? Attribute<std::string>(name) : fallback;
}

std::vector<std::string> Object::AttributeNames() const {
  Quiet();
  std::vector<std::string> names;
  auto take = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  Check(H5Aiterate2(id_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names), "its attributes cannot be listed");
  return names;
}

bool Object::DescribeAttribute(const std::string& name, Type* type, bool* scalar, std::string* why_not) const {
  Quiet();
  internal::Id attribute = internal::OwnAttribute(Check(H5Aopen(id_.get(), name.c_str(), H5P_DEFAULT), name));
  internal::Id stored = internal::OwnType(Check(H5Aget_type(attribute.get()), name));
  internal::Id space = internal::OwnSpace(Check(H5Aget_space(attribute.get()), name));
  *scalar = H5Sget_simple_extent_type(space.get()) == H5S_SCALAR;
  if (TypeOfStored(stored.get(), *type)) return true;
  if (why_not) *why_not = WhyNotRead(stored.get());
  return false;
}

void Object::CopyAttribute(const Object& from, const std::string& name) {
  Type type;
  bool scalar;
  std::string why_not;
  if (!from.DescribeAttribute(name, &type, &scalar, &why_not))
    Fail("{}: the attribute {} {}", from.Where(), name, why_not);
  auto copy = [&]<class T>(T) {
    if (scalar)
      SetAttribute(name, from.Attribute<T>(name));
    else
      SetAttribute(name, from.AttributeList<T>(name));
  };
  if (type == Type::kString)
    copy(std::string());
  else if (type == Type::kFloat32 || type == Type::kFloat64)
    copy(double{});
  else if (type == Type::kUint64)
    copy(uint64_t{});
  else
    copy(int64_t{});
}

// ---- datasets -------------------------------------------------------------------------------------------------------

Dataset Group::CreateDataset(const std::string& name, Type type, const Shape& shape,
                             const std::vector<std::string>& axes, const std::string& units) {
  if (axes.size() != shape.size()) Fail("{}: {}: {} axes, {} names for them", Where(), name, shape.size(), axes.size());
  Dataset dataset = MakeDataset(name, type, shape);
  if (!axes.empty())
    dataset.SetAttribute("DIMENSION_LABELS", axes);  // HDF5's own name for it: h5py shows dims[i].label
  if (!units.empty()) dataset.SetAttribute("units", units);
  return dataset;
}

Dataset Group::MakeDataset(const std::string& name, Type type, const Shape& shape) {
  Quiet();
  const std::string what = "the dataset " + name + " cannot be made";
  if (Has(name)) Fail("{}: has {} already", Where(), name);
  Elements(shape);
  std::vector<hsize_t> lengths;
  for (const int64_t length : shape) lengths.push_back(ToLength(length));
  internal::Id space =
      internal::OwnSpace(shape.empty() ? H5Screate(H5S_SCALAR)
                                       : H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr));
  Check(space.get(), what);
  internal::Id stored = FileType(type);
  internal::Id list = internal::CreationList(H5P_DATASET_CREATE);
  if (type != Type::kString) Check(H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER), what);
  const hid_t made =
      H5Dcreate2(id_.get(), name.c_str(), stored.get(), space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT);
  Check(made, what);
  Dataset dataset(file_, internal::OwnDataset(made), (path_ == "/" ? "" : path_) + "/" + name);
  file_->contents.AddDataset(dataset.path(), type, shape);
  return dataset;
}

Dataset::Dataset(std::shared_ptr<internal::File> file, internal::Id id, std::string path)
    : Object(std::move(file), std::move(id), std::move(path)) {
  internal::Id stored = internal::OwnType(Check(H5Dget_type(id_.get()), "its type cannot be read"));
  if (!TypeOfStored(stored.get(), type_)) Fail("{}: {}", Where(), WhyNotRead(stored.get()));
  internal::Id space = internal::OwnSpace(Check(H5Dget_space(id_.get()), "its shape cannot be read"));
  const int64_t rank = Check(H5Sget_simple_extent_ndims(space.get()), "its shape cannot be read");
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) Fail("{}: is empty", Where());
  std::vector<hsize_t> lengths(static_cast<size_t>(rank));
  if (rank > 0) Check(H5Sget_simple_extent_dims(space.get(), lengths.data(), nullptr), "its shape cannot be read");
  for (const hsize_t length : lengths) shape_.push_back(static_cast<int64_t>(std::min<hsize_t>(length, INT64_MAX)));
  try {
    Elements(shape_);
  } catch (const Error& error) {
    Fail("{}: {}", Where(), error.what());
  }
}

bool Dataset::IsPlain() const {
  if (type_ == Type::kString) return false;
  internal::Id list = internal::OwnList(Check(H5Dget_create_plist(id_.get()), "its layout cannot be read"));
  return H5Pget_layout(list.get()) == H5D_CONTIGUOUS && H5Pget_external_count(list.get()) == 0;
}

int64_t Dataset::row_elements() const { return shape_.empty() ? 1 : Elements(Shape(shape_.begin() + 1, shape_.end())); }

namespace {

// The rows [first, first + count) of a dataset's space.
internal::Id SelectRows(hid_t dataset, const Shape& shape, int64_t first, int64_t count) {
  internal::Id space = internal::OwnSpace(H5Dget_space(dataset));
  if (space.get() < 0 || shape.empty()) return space;
  std::vector<hsize_t> start(shape.size(), 0), lengths;
  for (const int64_t length : shape) lengths.push_back(ToLength(length));
  start[0] = ToLength(first);
  lengths[0] = ToLength(count);
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, lengths.data(), nullptr) < 0) return {};
  return space;
}

}  // namespace

template <class T>
void Dataset::WriteRows(int64_t first_row, std::span<const T> values) {
  Quiet();
  if (type_ != TypeOf<T>()) Fail("{}: holds {}, not {}", Where(), TypeName(type_), TypeName(TypeOf<T>()));
  const int64_t per_row = row_elements();
  const int64_t count = static_cast<int64_t>(values.size());
  const int64_t rows_given = per_row > 0 ? count / per_row : 0;
  if ((per_row > 0 && count % per_row != 0) || first_row < 0 || first_row > rows() || rows_given > rows() - first_row)
    Fail("{}: {} values from row {} on do not fit into {} rows of {}", Where(), count, first_row, rows(), per_row);
  if (count == 0) return;
  if constexpr (std::is_same_v<T, std::string>) RequireStorable(Where(), values);
  internal::Id space = SelectRows(id_.get(), shape_, first_row, rows_given);
  internal::Id memory_space = VectorSpace(count);
  const bool written = space.get() >= 0 && WriteValues<T>(values, [&](hid_t memory, const void* from) {
                         return H5Dwrite(id_.get(), memory, memory_space.get(), space.get(), H5P_DEFAULT, from);
                       });
  if (!written) FailHere("cannot be written");
  file_->contents.AddRows<T>(path_, first_row, per_row, values);
  file_->storage.ThrowWriteError();  // no use in going on once the disk is full
}

template <class T>
std::vector<T> Dataset::ReadRows(int64_t first_row, int64_t count) const {
  Quiet();
  if (!Holds(TypeOf<T>(), type_)) Fail("{}: holds {}, expected {}", Where(), TypeName(type_), TypeName(TypeOf<T>()));
  if (first_row < 0 || count < 0 || first_row > rows() || count > rows() - first_row)
    Fail("{}: has {} rows; {} from row {} on were wanted", Where(), rows(), count, first_row);
  const int64_t per_row = row_elements();
  const int64_t elements = per_row * count;
  if (elements == 0) return {};
  // Deflate packs at most about 1000 to 1: an array that claims more than that was never written.
  if (static_cast<uint64_t>(elements) / 1100 > file_->storage.size())
    Fail("{}: claims {} values, more than a file of {} bytes can hold", Where(), elements, file_->storage.size());
  internal::Id space = SelectRows(id_.get(), shape_, first_row, count);
  if (space.get() < 0) FailHere("cannot be read");
  internal::Id memory_space = VectorSpace(elements);
  auto read = [&](hid_t memory, void* to) {
    return H5Dread(id_.get(), memory, memory_space.get(), space.get(), H5P_DEFAULT, to);
  };
  std::vector<T> values;
  if constexpr (std::is_same_v<T, std::string>) {
    internal::Id stored = internal::OwnType(Check(H5Dget_type(id_.get()), "its type cannot be read"));
    if (!ReadStrings(stored.get(), memory_space.get(), static_cast<size_t>(elements), read, values))
      FailHere("cannot be read");
  } else {
    values.resize(static_cast<size_t>(elements));
    if (read(NumberInMemory(TypeOf<T>()), values.data()) < 0) FailHere("cannot be read");
  }
  return values;
}

namespace {

template <class T>
void CopyPieces(const Dataset& from, Dataset& to, int64_t first, int64_t last, int64_t place) {
  constexpr int64_t kBytesAtOnce = int64_t{32} << 20;
  const int64_t row_bytes = std::max<int64_t>(1, from.row_elements() * static_cast<int64_t>(sizeof(T)));
  const int64_t step = std::max<int64_t>(1, kBytesAtOnce / row_bytes);
  for (int64_t row = first; row < last; row += step) {
    const auto values = from.ReadRows<T>(row, std::min(step, last - row));
    to.WriteRows<T>(place + row - first, std::span<const T>(values));
  }
}

}  // namespace

void Dataset::CopyRows(const Dataset& from, int64_t first, int64_t last, int64_t place) {
  switch (type_) {
    case Type::kUint8: return CopyPieces<uint8_t>(from, *this, first, last, place);
    case Type::kInt16: return CopyPieces<int16_t>(from, *this, first, last, place);
    case Type::kInt32: return CopyPieces<int32_t>(from, *this, first, last, place);
    case Type::kInt64: return CopyPieces<int64_t>(from, *this, first, last, place);
    case Type::kUint64: return CopyPieces<uint64_t>(from, *this, first, last, place);
    case Type::kFloat32: return CopyPieces<float>(from, *this, first, last, place);
    case Type::kFloat64: return CopyPieces<double>(from, *this, first, last, place);
    case Type::kString: return CopyPieces<std::string>(from, *this, first, last, place);
  }
}

std::vector<std::string> Dataset::AxisNames() const {
  if (!HasAttribute("DIMENSION_LABELS")) return {};
  return AttributeList<std::string>("DIMENSION_LABELS");
}

template void Dataset::WriteRows<uint8_t>(int64_t, std::span<const uint8_t>);
template void Dataset::WriteRows<int16_t>(int64_t, std::span<const int16_t>);
template void Dataset::WriteRows<int32_t>(int64_t, std::span<const int32_t>);
template void Dataset::WriteRows<int64_t>(int64_t, std::span<const int64_t>);
template void Dataset::WriteRows<uint64_t>(int64_t, std::span<const uint64_t>);
template void Dataset::WriteRows<float>(int64_t, std::span<const float>);
template void Dataset::WriteRows<double>(int64_t, std::span<const double>);
template void Dataset::WriteRows<std::string>(int64_t, std::span<const std::string>);
template std::vector<uint8_t> Dataset::ReadRows<uint8_t>(int64_t, int64_t) const;
template std::vector<int16_t> Dataset::ReadRows<int16_t>(int64_t, int64_t) const;
template std::vector<int32_t> Dataset::ReadRows<int32_t>(int64_t, int64_t) const;
template std::vector<int64_t> Dataset::ReadRows<int64_t>(int64_t, int64_t) const;
template std::vector<uint64_t> Dataset::ReadRows<uint64_t>(int64_t, int64_t) const;
template std::vector<float> Dataset::ReadRows<float>(int64_t, int64_t) const;
template std::vector<double> Dataset::ReadRows<double>(int64_t, int64_t) const;
template std::vector<std::string> Dataset::ReadRows<std::string>(int64_t, int64_t) const;

#define SKIPBENCH_HDF5_ATTRIBUTE(T)                                                 \
  template void Object::SetAttribute<T>(const std::string&, const T&);              \
  template void Object::SetAttribute<T>(const std::string&, const std::vector<T>&); \
  template T Object::Attribute<T>(const std::string&) const;                        \
  template std::vector<T> Object::AttributeList<T>(const std::string&) const;
SKIPBENCH_HDF5_ATTRIBUTE(int64_t)
SKIPBENCH_HDF5_ATTRIBUTE(uint64_t)
SKIPBENCH_HDF5_ATTRIBUTE(double)
SKIPBENCH_HDF5_ATTRIBUTE(std::string)
#undef SKIPBENCH_HDF5_ATTRIBUTE

}  // namespace skipbench::hdf5
