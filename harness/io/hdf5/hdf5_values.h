// Values in HDF5 files: their types, attributes, arrays.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/base/error.h"

namespace skipbench::hdf5 {

// Lengths of the axes, slowest first.
using Shape = std::vector<int64_t>;
// Product of the lengths; Error when it does not fit into 62 bits or a length is negative.
int64_t Elements(const Shape& shape);

enum class Type { kUint8, kInt16, kInt32, kInt64, kUint64, kFloat32, kFloat64, kString };
const char* TypeName(Type type);  // "float64", as numpy says

// The C++ types of the values, in the order of Type.
using ValueTypes = std::tuple<uint8_t, int16_t, int32_t, int64_t, uint64_t, float, double, std::string>;
template <class T, size_t i = 0>
constexpr Type TypeOf() {
  if constexpr (std::is_same_v<T, std::tuple_element_t<i, ValueTypes>>)
    return static_cast<Type>(i);
  else
    return TypeOf<T, i + 1>();
}
// Calls f(T()), T being the C++ type of `type`.
template <class F>
void WithType(Type type, F f) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    ((i == static_cast<size_t>(type) ? f(std::tuple_element_t<i, ValueTypes>()) : void()), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<ValueTypes>>());
}

class Group;

namespace internal {
struct File;  // an open file; shared by the objects that live in it
Group OpenRoot(std::shared_ptr<File> file);
class Id {  // an identifier of libhdf5, closed at the end
 public:
  using Close = int (*)(int64_t);
  Id() = default;
  Id(int64_t value, Close close) : value_(value), close_(close) {}
  Id(Id&& other) noexcept : value_(other.value_), close_(other.close_) { other.value_ = -1; }
  Id& operator=(Id&& other) noexcept {
    std::swap(value_, other.value_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() {
    if (value_ >= 0) close_(value_);
  }
  int64_t get() const { return value_; }
  void Release() { value_ = -1; }  // closed otherwise

 private:
  int64_t value_ = -1;
  Close close_ = nullptr;
};
}  // namespace internal

// What groups and datasets have in common: a place in a file, and attributes.
class Object {
 public:
  std::string Where() const;  // "FILE: /settings/0"
  const std::string& path() const { return path_; }

  // A list becomes a one-dimensional attribute. Text with invalid UTF-8 or a zero byte is refused. Each name is written
  // once.
  template <class T>
  void SetAttribute(const std::string& name, const T& value) {
    WriteAttribute<T>(name, {&value, 1}, /*scalar=*/true);
  }
  template <class T>
  void SetAttribute(const std::string& name, const std::vector<T>& values) {
    WriteAttribute<T>(name, values, /*scalar=*/false);
  }

  bool HasAttribute(const std::string& name) const;
  // Error when it is missing, or of a kind that T does not hold exactly.
  template <class T>
  T Attribute(const std::string& name) const;
  template <class T>
  std::vector<T> AttributeList(const std::string& name) const;
  std::string AttributeOr(const std::string& name, const std::string& fallback) const;
  std::vector<std::string> AttributeNames() const;
  // Calls f(scalar, values) with a list of int64_t, uint64_t, double or std::string, whichever holds what is stored.
  // Error for types that are not read.
  template <class F>
  void WithAttribute(const std::string& name, F f) const {
    bool scalar = false;
    const Type type = TypeOfAttribute(name, &scalar);
    WithType(type, [&]<class T>(T) { f(scalar, AttributeList<T>(name)); });
  }
  // Takes over an attribute of another object; text that is no UTF-8 is made so.
  void CopyAttribute(const Object& from, const std::string& name);

 protected:
  struct OpenAttribute;
  Object(std::shared_ptr<internal::File> file, internal::Id id, std::string path)
      : file_(std::move(file)), id_(std::move(id)), path_(std::move(path)) {}

  // Throws Error naming the object, what failed, and HDF5's first cause (or the failed write behind it).
  [[noreturn]] void FailHere(const std::string& what) const;
  int64_t Check(int64_t status, const std::string& what) const;
  template <class T>
  void WriteAttribute(const std::string& name, std::span<const T> values, bool scalar);
  Type TypeOfAttribute(const std::string& name, bool* scalar) const;

  std::shared_ptr<internal::File> file_;
  internal::Id id_;
  std::string path_;
};

// An array. The first axis is the one that rows are read and written along.
class Dataset : public Object {
 public:
  Type type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int64_t rows() const { return shape_.empty() ? 1 : shape_[0]; }
  int64_t row_elements() const;  // elements of one row

  // Numbers that lie in the file as they are: libhdf5 follows nothing that the file says to read them.
  bool IsPlain() const;

  // `values` must have the stored type and whole rows. Each row is written once.
  template <class T>
  void WriteRows(int64_t first_row, std::span<const T> values);

  // The stored type must be T, or one that T holds exactly (double: every number type).
  template <class T>
  std::vector<T> ReadRows(int64_t first_row, int64_t count) const;
  template <class T>
  std::vector<T> Read() const {
    return ReadRows<T>(0, rows());
  }

  // Copies rows [first, last) of a dataset with the same type and row shape to the rows from `place` on, a piece at a
  // time; text that is no UTF-8 is made so.
  void CopyRows(const Dataset& from, int64_t first, int64_t last, int64_t place);

  // Calls f(row, values) with rows [first, last), a piece at a time; T: their type.
  template <class T, class F>
  void EachPiece(int64_t first, int64_t last, F f) const {
    constexpr int64_t kBytesAtOnce = int64_t{32} << 20;
    const int64_t row_bytes = std::max<int64_t>(1, row_elements() * static_cast<int64_t>(sizeof(T)));
    const int64_t step = std::max<int64_t>(1, kBytesAtOnce / row_bytes);
    for (int64_t row = first; row < last; row += step) f(row, ReadRows<T>(row, std::min(step, last - row)));
  }

  std::vector<std::string> AxisNames() const;  // empty if they have none
  std::string Units() const { return AttributeOr("units", ""); }

 private:
  friend class Group;
  Dataset(std::shared_ptr<internal::File> file, internal::Id id, std::string path);
  Type type_ = Type::kUint8;
  Shape shape_;
};

}  // namespace skipbench::hdf5
