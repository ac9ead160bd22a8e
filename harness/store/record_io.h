// Records in groups of a results file: a record lists its attributes and datasets once, for a GroupWriter and for a
// GroupReader alike.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/io/hdf5/hdf5.h"
#include "harness/store/records.h"

namespace skipbench {

inline constexpr int64_t kMaxCount = 1'000'000;  // of steps, calls, settings, shards: anything beyond is damage

inline Json ParseAttribute(const hdf5::Object& object, const std::string& name) {
  return ParseJson(object.Attribute<std::string>(name), object.Where() + ": attribute " + name);
}

// Stores numbers, texts and lists of them as they are, int and bool as int64, JSON as text.
class GroupWriter {
 public:
  explicit GroupWriter(hdf5::Group& group) : group_(group) {}

  template <class T>
  void Attribute(const std::string& name, const T& value, int64_t = 0, int64_t = 0) {
    if constexpr (std::is_same_v<T, Json>)
      group_.SetAttribute(name, WithNamedNumbers(value).dump(-1, ' ', false, Json::error_handler_t::replace));
    else if constexpr (std::is_same_v<T, int> || std::is_same_v<T, bool>)
      group_.SetAttribute(name, int64_t{value});
    else
      group_.SetAttribute(name, value);
  }
  // What only those read who look at the file by other means.
  void Remark(const std::string& name, const std::string& text) { group_.SetAttribute(name, text); }

  template <class T>
  void Dataset(const std::string& name, const Array<T>& array, const std::vector<std::string>& axes) {
    group_.Write(name, array.values, array.shape, axes);
  }
  template <class T>
  void Dataset(const std::string& name, const std::vector<T>& values, const std::string& axis) {
    group_.Write(name, values, {std::ssize(values)}, {axis});
  }

 private:
  hdf5::Group& group_;
};

// Error naming the file for what is missing, of another kind or out of range, and where axes of one name differ in
// length.
class GroupReader {
 public:
  explicit GroupReader(const hdf5::Group& group, std::map<std::string, int64_t> lengths = {})
      : group_(group), lengths_(std::move(lengths)) {}

  template <class T>
  void Attribute(const std::string& name, T& value, int64_t min = 0, int64_t max = kMaxCount) {
    if constexpr (std::is_same_v<T, Json>)
      value = ParseAttribute(group_, name);
    else if constexpr (std::is_same_v<T, int>)
      value = static_cast<int>(InRange(name, min, max));
    else if constexpr (std::is_same_v<T, bool>)
      value = InRange(name, 0, 1) == 1;
    else if constexpr (requires { value.push_back(value[0]); } && !std::is_same_v<T, std::string>)
      value = group_.AttributeList<typename T::value_type>(name);
    else
      value = group_.Attribute<T>(name);
  }
  void Remark(const std::string&, const std::string&) {}

  template <class T>
  void Dataset(const std::string& name, Array<T>& array, const std::vector<std::string>& axes) {
    const hdf5::Dataset dataset = group_.OpenDataset(name);
    if (dataset.shape().size() != axes.size())
      Fail("{}: has {} axes, expected {}", dataset.Where(), dataset.shape().size(), axes.size());
    for (size_t i = 0; i < axes.size(); ++i) {
      const int64_t expected = lengths_.emplace(axes[i], dataset.shape()[i]).first->second;
      if (dataset.shape()[i] != expected)
        Fail("{}: its axis {} has the length {}, expected {}", dataset.Where(), axes[i], dataset.shape()[i], expected);
    }
    array = {dataset.shape(), dataset.Read<T>()};
  }
  template <class T>
  void Dataset(const std::string& name, std::vector<T>& values, const std::string& axis) {
    Array<T> array;
    Dataset(name, array, {axis});
    values = std::move(array.values);
  }

  const std::map<std::string, int64_t>& lengths() const { return lengths_; }  // of the axes so far

 private:
  int64_t InRange(const std::string& name, int64_t min, int64_t max) const {
    const int64_t value = group_.Attribute<int64_t>(name);
    if (value < min || value > max)
      Fail("{}: the attribute {} is {}, expected [{}, {}]", group_.Where(), name, value, min, max);
    return value;
  }

  const hdf5::Group& group_;
  std::map<std::string, int64_t> lengths_;
};

}  // namespace skipbench
