// Values in HDF5 files: their types, attributes, arrays.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

template <class T>
constexpr Type TypeOf();
template <>
constexpr Type TypeOf<uint8_t>() {
  return Type::kUint8;
}
template <>
constexpr Type TypeOf<int16_t>() {
  return Type::kInt16;
}
template <>
constexpr Type TypeOf<int32_t>() {
  return Type::kInt32;
}
template <>
constexpr Type TypeOf<int64_t>() {
  return Type::kInt64;
}
template <>
constexpr Type TypeOf<uint64_t>() {
  return Type::kUint64;
}
template <>
constexpr Type TypeOf<float>() {
  return Type::kFloat32;
}
template <>
constexpr Type TypeOf<double>() {
  return Type::kFloat64;
}
template <>
constexpr Type TypeOf<std::string>() {
  return Type::kString;
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

  // T: int64_t, uint64_t, double, std::string; a list of them becomes a one-dimensional attribute. Text with invalid
  // UTF-8 or a zero byte is refused. Each name is written once.
  template <class T>
  void SetAttribute(const std::string& name, const T& value);
  template <class T>
  void SetAttribute(const std::string& name, const std::vector<T>& values);

  bool HasAttribute(const std::string& name) const;
  // Error when it is missing, or of a kind that T does not hold exactly.
  template <class T>
  T Attribute(const std::string& name) const;
  template <class T>
  std::vector<T> AttributeList(const std::string& name) const;
  std::string AttributeOr(const std::string& name, const std::string& fallback) const;
  std::vector<std::string> AttributeNames() const;
  // False for types that are not read; `why_not` then says the reason ("holds values of a type that ...").
  bool DescribeAttribute(const std::string& name, Type* type, bool* scalar, std::string* why_not = nullptr) const;
  // Takes over an attribute of another object.
  void CopyAttribute(const Object& from, const std::string& name);

 protected:
  Object(std::shared_ptr<internal::File> file, internal::Id id, std::string path)
      : file_(std::move(file)), id_(std::move(id)), path_(std::move(path)) {}

  // Throws Error naming the object, what failed, and HDF5's first cause (or the failed write behind it).
  [[noreturn]] void FailHere(const std::string& what) const;
  int64_t Check(int64_t status, const std::string& what) const;

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
  // time.
  void CopyRows(const Dataset& from, int64_t first, int64_t last, int64_t place);

  std::vector<std::string> AxisNames() const;  // empty if they have none
  std::string Units() const { return AttributeOr("units", ""); }

 private:
  friend class Group;
  Dataset(std::shared_ptr<internal::File> file, internal::Id id, std::string path);
  Type type_ = Type::kUint8;
  Shape shape_;
};

}  // namespace skipbench::hdf5
