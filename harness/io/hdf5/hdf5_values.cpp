#include "harness/io/hdf5/hdf5_values.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

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

void CleanTexts(std::vector<std::string>* texts) {
  for (auto& text : *texts) text = CleanText(text);
}

internal::Id StringType() {
  internal::Id type = internal::Own<H5Tclose>(H5Tcopy(H5T_C_S1));
  if (H5Tset_size(type.get(), H5T_VARIABLE) < 0 || H5Tset_cset(type.get(), H5T_CSET_UTF8) < 0)
    Fail("HDF5 cannot be set up: {}", internal::FirstCause());
  return type;
}

// What a type is called, and what HDF5 calls it in the file (little-endian, IEEE) and in memory.
struct TypeNames {
  const char* name;
  hid_t file, memory;
};
const TypeNames& NamesOf(Type type) {
  static const TypeNames names[] = {
      {"uint8", H5T_STD_U8LE, H5T_NATIVE_UINT8},      {"int16", H5T_STD_I16LE, H5T_NATIVE_INT16},
      {"int32", H5T_STD_I32LE, H5T_NATIVE_INT32},     {"int64", H5T_STD_I64LE, H5T_NATIVE_INT64},
      {"uint64", H5T_STD_U64LE, H5T_NATIVE_UINT64},   {"float32", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT},
      {"float64", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE}, {"text", H5T_C_S1, H5T_C_S1}};
  return names[static_cast<size_t>(type)];
}

internal::Id FileType(Type type) {
  return type == Type::kString ? StringType() : internal::Own<H5Tclose>(H5Tcopy(NamesOf(type).file));
}

// What is stored; false for types that cannot be read. float16 and bfloat16, which skipbench does not write, are read
// as float32.
bool TypeOfStored(hid_t stored, Type& type) {
  const H5T_class_t kind = H5Tget_class(stored);
  const size_t size = kind == H5T_FLOAT && H5Tget_size(stored) == 2 ? 4 : H5Tget_size(stored);
  for (type = Type::kUint8; type != Type::kString; type = static_cast<Type>(static_cast<int>(type) + 1)) {
    const hid_t memory = NamesOf(type).memory;
    if (kind == H5Tget_class(memory) && size == H5Tget_size(memory) &&
        (kind == H5T_FLOAT || H5Tget_sign(stored) == H5Tget_sign(memory)))
      return true;
  }
  return kind == H5T_STRING;
}

// Why TypeOfStored() says no.
const char* WhyNotRead(hid_t stored) {
  if (H5Tget_class(stored) == H5T_OPAQUE)
    return "holds raw bytes without a meaning (HDF5's opaque type): what h5py makes of a type that NumPy lacks, such "
           "as bfloat16 or float8; write it as float16 or float32";
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

// The values of an attribute or of a selection of a dataset, of type `stored`; `read` fills a buffer of the memory type
// it is given. Nothing where HDF5 cannot read them.
template <class T>
std::optional<std::vector<T>> ReadValues(hid_t stored, hid_t memory_space, size_t count, auto read) {
  std::vector<T> values;
  if (count == 0) return values;
  if constexpr (!std::is_same_v<T, std::string>) {
    values.resize(count);
    if (read(NamesOf(TypeOf<T>()).memory, values.data()) < 0) return std::nullopt;
  } else if (H5Tis_variable_str(stored) > 0) {
    std::vector<char*> pointers(count, nullptr);
    if (read(stored, pointers.data()) < 0) return std::nullopt;
    for (const char* pointer : pointers) values.emplace_back(pointer ? pointer : "");
    H5Dvlen_reclaim(stored, memory_space, H5P_DEFAULT, pointers.data());
  } else {  // of fixed length, as other tools write them
    const size_t size = H5Tget_size(stored);
    if (size == 0 || size > std::numeric_limits<uint32_t>::max() / count) return std::nullopt;
    std::vector<char> bytes(size * count);
    if (read(stored, bytes.data()) < 0) return std::nullopt;
    for (size_t i = 0; i < count; ++i)
      values.emplace_back(bytes.data() + i * size, strnlen(bytes.data() + i * size, size));
  }
  return values;
}

template <class T>
bool WriteValues(std::span<const T> values, auto write) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    internal::Id type = StringType();
    return write(type.get(), pointers.data()) >= 0;
  } else {
    return write(NamesOf(TypeOf<T>()).memory, values.data()) >= 0;
  }
}

hsize_t ToLength(int64_t value) { return static_cast<hsize_t>(value); }

internal::Id VectorSpace(int64_t count) {
  const hsize_t length = ToLength(count);
  return internal::Own<H5Sclose>(H5Screate_simple(1, &length, nullptr));
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

const char* TypeName(Type type) { return NamesOf(type).name; }

// ---- attributes -----------------------------------------------------------------------------------------------------

namespace {

template <class T>
bool CreateAttribute(hid_t object, const std::string& name, std::span<const T> values, bool scalar) {
  internal::Id space =
      scalar ? internal::Own<H5Sclose>(H5Screate(H5S_SCALAR)) : VectorSpace(static_cast<int64_t>(values.size()));
  internal::Id type = FileType(TypeOf<T>());
  internal::Id attribute =
      internal::Own<H5Aclose>(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
  if (attribute.get() < 0) return false;
  if (values.empty()) return true;
  return WriteValues<T>(values,
                        [&](hid_t memory, const void* from) { return H5Awrite(attribute.get(), memory, from); });
}

}  // namespace

template <class T>
void Object::WriteAttribute(const std::string& name, std::span<const T> values, bool scalar) {
  Quiet();
  if constexpr (std::is_same_v<T, std::string>) RequireStorable(Where() + ": " + name, values);
  if (!CreateAttribute<T>(id_.get(), name, values, scalar)) FailHere("the attribute " + name + " cannot be written");
  file_->contents.AddAttribute<T>(path_, name, scalar, values);
}

// An attribute of a type that is read; Error for another one.
struct Object::OpenAttribute {
  internal::Id attribute, stored, space;
  Type type;

  OpenAttribute(const Object& object, hid_t id, const std::string& name)
      : attribute(internal::Own<H5Aclose>(object.Check(H5Aopen(id, name.c_str(), H5P_DEFAULT), name))),
        stored(internal::Own<H5Tclose>(object.Check(H5Aget_type(attribute.get()), name))),
        space(internal::Own<H5Sclose>(object.Check(H5Aget_space(attribute.get()), name))) {
    if (!TypeOfStored(stored.get(), type))
      Fail("{}: the attribute {} {}", object.Where(), name, WhyNotRead(stored.get()));
  }
};

bool Object::HasAttribute(const std::string& name) const {
  Quiet();
  return H5Aexists(id_.get(), name.c_str()) > 0;
}

template <class T>
std::vector<T> Object::AttributeList(const std::string& name) const {
  if (!HasAttribute(name)) Fail("{}: the attribute {} is missing", Where(), name);
  const OpenAttribute open(*this, id_.get(), name);
  if (!Holds(TypeOf<T>(), open.type))
    Fail("{}: the attribute {} is not of type {}", Where(), name, TypeName(TypeOf<T>()));
  const int64_t count = Check(H5Sget_simple_extent_npoints(open.space.get()), name);
  if (ToLength(count) > file_->storage.size()) Fail("{}: the attribute {} claims {} values", Where(), name, count);
  auto values = ReadValues<T>(open.stored.get(), open.space.get(), static_cast<size_t>(count),
                              [&](hid_t memory, void* to) { return H5Aread(open.attribute.get(), memory, to); });
  if (!values) FailHere("the attribute " + name + " cannot be read");
  return *std::move(values);
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

Type Object::TypeOfAttribute(const std::string& name, bool* scalar) const {
  Quiet();
  const OpenAttribute open(*this, id_.get(), name);
  *scalar = H5Sget_simple_extent_type(open.space.get()) == H5S_SCALAR;
  if (open.type == Type::kString || open.type == Type::kUint64) return open.type;
  return open.type == Type::kFloat32 || open.type == Type::kFloat64 ? Type::kFloat64 : Type::kInt64;
}

void Object::CopyAttribute(const Object& from, const std::string& name) {
  from.WithAttribute(name, [&]<class T>(bool scalar, std::vector<T> values) {
    if constexpr (std::is_same_v<T, std::string>) CleanTexts(&values);
    if (scalar)
      SetAttribute(name, values.at(0));
    else
      SetAttribute(name, values);
  });
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
  internal::Id space = internal::Own<H5Sclose>(
      shape.empty() ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr));
  Check(space.get(), what);
  internal::Id stored = FileType(type);
  internal::Id list = internal::CreationList(H5P_DATASET_CREATE);
  if (type != Type::kString) Check(H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER), what);
  constexpr int64_t kWorthCompressing = 100;  // elements
  if (file_->compressed && Elements(shape) > kWorthCompressing)
    Check(std::min({H5Pset_chunk(list.get(), static_cast<int>(lengths.size()), lengths.data()),
                    H5Pset_shuffle(list.get()), H5Pset_deflate(list.get(), 9)}),
          what);
  const hid_t made =
      H5Dcreate2(id_.get(), name.c_str(), stored.get(), space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT);
  Check(made, what);
  Dataset dataset(file_, internal::Own<H5Dclose>(made), (path_ == "/" ? "" : path_) + "/" + name);
  file_->contents.AddDataset(dataset.path(), type, shape);
  return dataset;
}

Dataset::Dataset(std::shared_ptr<internal::File> file, internal::Id id, std::string path)
    : Object(std::move(file), std::move(id), std::move(path)) {
  internal::Id stored = internal::Own<H5Tclose>(Check(H5Dget_type(id_.get()), "its type cannot be read"));
  if (!TypeOfStored(stored.get(), type_)) Fail("{}: {}", Where(), WhyNotRead(stored.get()));
  internal::Id space = internal::Own<H5Sclose>(Check(H5Dget_space(id_.get()), "its shape cannot be read"));
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
  internal::Id list = internal::Own<H5Pclose>(Check(H5Dget_create_plist(id_.get()), "its layout cannot be read"));
  return H5Pget_layout(list.get()) == H5D_CONTIGUOUS && H5Pget_external_count(list.get()) == 0;
}

int64_t Dataset::row_elements() const { return shape_.empty() ? 1 : Elements(Shape(shape_.begin() + 1, shape_.end())); }

namespace {

// The rows [first, first + count) of a dataset's space.
internal::Id SelectRows(hid_t dataset, const Shape& shape, int64_t first, int64_t count) {
  internal::Id space = internal::Own<H5Sclose>(H5Dget_space(dataset));
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
  internal::Id stored = internal::Own<H5Tclose>(Check(H5Dget_type(id_.get()), "its type cannot be read"));
  auto values =
      ReadValues<T>(stored.get(), memory_space.get(), static_cast<size_t>(elements), [&](hid_t memory, void* to) {
        return H5Dread(id_.get(), memory, memory_space.get(), space.get(), H5P_DEFAULT, to);
      });
  if (!values) FailHere("cannot be read");
  return *std::move(values);
}

void Dataset::CopyRows(const Dataset& from, int64_t first, int64_t last, int64_t place) {
  WithType(type_, [&]<class T>(T) {
    from.EachPiece<T>(first, last, [&](int64_t row, std::vector<T> values) {
      if constexpr (std::is_same_v<T, std::string>) CleanTexts(&values);
      WriteRows<T>(place + row - first, std::span<const T>(values));
    });
  });
}

std::vector<std::string> Dataset::AxisNames() const {
  if (!HasAttribute("DIMENSION_LABELS")) return {};
  return AttributeList<std::string>("DIMENSION_LABELS");
}

#define SKIPBENCH_HDF5_VALUES(T)                                                         \
  template void Dataset::WriteRows<T>(int64_t, std::span<const T>);                      \
  template std::vector<T> Dataset::ReadRows<T>(int64_t, int64_t) const;                  \
  template void Object::WriteAttribute<T>(const std::string&, std::span<const T>, bool); \
  template T Object::Attribute<T>(const std::string&) const;                             \
  template std::vector<T> Object::AttributeList<T>(const std::string&) const;
SKIPBENCH_HDF5_FOR_EACH_TYPE(SKIPBENCH_HDF5_VALUES)

}  // namespace skipbench::hdf5
