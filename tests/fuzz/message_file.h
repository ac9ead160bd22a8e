// An HDF5 file made of messages of plain bytes that may hold anything: for fuzzing what reads well-formed files.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/hdf5/hdf5.h"

namespace skipbench::fuzz {

// Takes messages, each a letter and what follows: G name (enters a new group), L (leaves it), D name type shape, R row
// values, A name type scalar values. Numbers are of 8 bytes; texts and lists stand behind their lengths. Error when one
// makes no sense.
class MessageFile {
 public:
  explicit MessageFile(hdf5::FileWriter& file) : file_(file) {}
  void Close() {
    dataset_.reset();
    groups_.clear();
  }
  void Take(std::string_view message) {
    if (message.empty()) Nonsense();
    rest_ = message.substr(1);
    switch (message[0]) {
      case 'G':
        dataset_.reset();
        if (groups_.size() > 16) Nonsense();
        groups_.push_back(Inner().CreateGroup(Text()));
        return;
      case 'L':
        dataset_.reset();
        if (groups_.empty()) Nonsense();
        groups_.pop_back();
        return;
      case 'D': return TakeDataset();
      case 'R': return TakeRows();
      case 'A': return TakeAttribute();
      default: Nonsense();
    }
  }

 private:
  hdf5::Group& Inner() { return groups_.empty() ? file_.root() : groups_.back(); }
  void TakeDataset() {
    const std::string name = Text();
    const hdf5::Type type = StoredType();
    const auto shape = Values<int64_t>();
    if (shape.size() > 16 || hdf5::Elements(shape) > (1 << 18)) Nonsense();
    dataset_ = std::make_unique<hdf5::Dataset>(
        Inner().CreateDataset(name, type, shape, std::vector<std::string>(shape.size(), "axis")));
  }
  void TakeRows() {
    if (!dataset_) Nonsense();
    const int64_t first = Number();
    hdf5::WithType(dataset_->type(), [&]<class T>(T) { dataset_->WriteRows<T>(first, Values<T>()); });
  }
  void TakeAttribute() {
    const std::string name = Text();
    const hdf5::Type type = StoredType();
    const bool scalar = Number() != 0;
    if (name.find('\0') != std::string::npos) Nonsense();
    hdf5::Object& object = dataset_ ? static_cast<hdf5::Object&>(*dataset_) : Inner();
    hdf5::WithType(type, [&]<class T>(T) {
      const auto values = Values<T>();
      if (scalar && values.size() != 1) Nonsense();
      if (scalar)
        object.SetAttribute(name, values[0]);
      else
        object.SetAttribute(name, values);
    });
  }

  int64_t Number() {
    int64_t value;
    std::memcpy(&value, Bytes(sizeof value).data(), sizeof value);
    return value;
  }
  size_t Count() {
    const int64_t value = Number();
    if (value < 0 || static_cast<uint64_t>(value) > rest_.size()) Nonsense();
    return static_cast<size_t>(value);
  }
  std::string Text() { return std::string(Bytes(Count())); }
  hdf5::Type StoredType() {
    const int64_t value = Number();
    if (value < 0 || value > static_cast<int64_t>(hdf5::Type::kString)) Nonsense();
    return static_cast<hdf5::Type>(value);
  }
  template <class T>
  std::vector<T> Values() {
    const size_t count = Count();
    std::vector<T> values;
    if constexpr (std::is_same_v<T, std::string>) {
      for (size_t i = 0; i < count; ++i) values.push_back(Text());
    } else {
      if (count > rest_.size() / sizeof(T)) Nonsense();
      values.resize(count);
      const auto from = Bytes(count * sizeof(T));
      if (count > 0) std::memcpy(values.data(), from.data(), from.size());
    }
    return values;
  }
  std::string_view Bytes(size_t size) {
    if (size > rest_.size()) Nonsense();
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  [[noreturn]] static void Nonsense() { Fail("a message that makes no sense"); }

  hdf5::FileWriter& file_;
  std::string_view rest_;
  std::vector<hdf5::Group> groups_;         // the open ones below the root
  std::unique_ptr<hdf5::Dataset> dataset_;  // the open one
};

}  // namespace skipbench::fuzz
