#include "harness/io/hdf5/plain_tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/base/text.h"

namespace skipbench::hdf5 {
namespace {

constexpr char kEnterGroup = 'G', kLeaveGroup = 'L', kDataset = 'D', kRows = 'R', kAttribute = 'A', kLeftOut = 'X';

constexpr int kMaxDepth = 16;
constexpr int64_t kMaxObjects = 4'000'000;
constexpr int64_t kBytesAtOnce = int64_t{8} << 20;
constexpr size_t kMaxRank = 16;
constexpr uint64_t kMaxElement = 16;  // bytes: of a text, its place elsewhere in the file

class Message {
 public:
  explicit Message(char kind) : bytes_(1, kind) {}
  Message& Number(int64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Message& Text(std::string_view text) {
    Number(static_cast<int64_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  template <class T>
  Message& Values(const std::vector<T>& values) {
    Number(static_cast<int64_t>(values.size()));
    if constexpr (std::is_same_v<T, std::string>) {
      for (const auto& value : values) Text(CleanText(value));
    } else {
      bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    }
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

template <class F>
void WithType(Type type, F f) {
  switch (type) {
    case Type::kUint8: return f(uint8_t{});
    case Type::kInt16: return f(int16_t{});
    case Type::kInt32: return f(int32_t{});
    case Type::kInt64: return f(int64_t{});
    case Type::kUint64: return f(uint64_t{});
    case Type::kFloat32: return f(float{});
    case Type::kFloat64: return f(double{});
    case Type::kString: return f(std::string());
  }
}

// The types that attributes are written with.
template <class F>
void WithAttributeType(Type type, F f) {
  if (type == Type::kString)
    f(std::string());
  else if (type == Type::kFloat32 || type == Type::kFloat64)
    f(double{});
  else if (type == Type::kUint64)
    f(uint64_t{});
  else
    f(int64_t{});
}

// Goes through a file; what cannot be read of somebody's own additions is no reason to fail.
class Walker {
 public:
  Walker(const SendMessage& send, bool values) : send_(send), values_(values) {}

  void Visit(const Group& group, int depth) {
    if (depth > kMaxDepth) Fail("{}: groups lie more than {} deep", group.Where(), kMaxDepth);
    Attributes(group);
    for (const auto& name : group.Members()) {
      if (++objects_ > kMaxObjects)
        Fail("{}: the file has more than {} groups and datasets", group.Where(), kMaxObjects);
      try {
        if (!group.IsGroup(name)) Visit(group.OpenDataset(name), name);
      } catch (const Error& error) {
        send_(Message(kLeftOut).Text(CleanText((group.path() == "/" ? "" : group.path()) + "/" + name)).bytes());
        continue;
      }
      if (!group.IsGroup(name)) continue;
      send_(Message(kEnterGroup).Text(name).bytes());
      Visit(group.OpenGroup(name), depth + 1);
      send_(Message(kLeaveGroup).bytes());
    }
  }

 private:
  void Visit(const Dataset& dataset, const std::string& name) {
    Message head(kDataset);
    head.Text(name).Number(static_cast<int64_t>(dataset.type())).Values(dataset.shape());
    send_(head.bytes());
    Attributes(dataset);
    if (!values_ && dataset.IsPlain()) return;
    WithType(dataset.type(), [&]<class T>(T) {
      const int64_t row_bytes = std::max<int64_t>(1, dataset.row_elements() * static_cast<int64_t>(sizeof(T)));
      const int64_t step = std::max<int64_t>(1, kBytesAtOnce / row_bytes);
      for (int64_t row = 0; row < dataset.rows(); row += step) {
        const auto values = dataset.ReadRows<T>(row, std::min(step, dataset.rows() - row));
        send_(Message(kRows).Number(row).Values(values).bytes());
      }
    });
  }

  void Attributes(const Object& object) {
    for (const auto& name : object.AttributeNames()) {
      Type type = Type::kString;
      bool scalar = false, read = false;
      try {
        read = object.DescribeAttribute(name, &type, &scalar);
        if (read) Attribute(object, name, type, scalar);
      } catch (const Error&) {
        read = false;
      }
      if (!read) send_(Message(kLeftOut).Text(CleanText(object.path() + ": " + name)).bytes());
    }
  }

  void Attribute(const Object& object, const std::string& name, Type type, bool scalar) {
    WithAttributeType(type, [&]<class T>(T) {
      Message message(kAttribute);
      message.Text(name).Number(static_cast<int64_t>(TypeOf<T>())).Number(scalar).Values(object.AttributeList<T>(name));
      send_(message.bytes());
    });
  }

  const SendMessage& send_;
  bool values_;
  int64_t objects_ = 0;
};

}  // namespace

void SendTree(const Group& root, const SendMessage& send) { Walker(send, /*values=*/true).Visit(root, 0); }

void WalkTree(const Group& root, const std::function<void()>& step) {
  const SendMessage send = [&](std::string_view) { step(); };
  Walker(send, /*values=*/false).Visit(root, 0);
}

// ---- the other end --------------------------------------------------------------------------------------------------

class TreeBuilder::Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  int64_t Number() {
    int64_t value;
    std::memcpy(&value, Take(sizeof value).data(), sizeof value);
    return value;
  }
  size_t Count() {
    const int64_t value = Number();
    if (value < 0 || static_cast<uint64_t>(value) > bytes_.size()) Nonsense();
    return static_cast<size_t>(value);
  }
  std::string Text() { return std::string(Take(Count())); }
  Type StoredType() {
    const int64_t value = Number();
    if (value < 0 || value > static_cast<int64_t>(Type::kString)) Nonsense();
    return static_cast<Type>(value);
  }
  template <class T>
  std::vector<T> Values() {
    const size_t count = Count();
    std::vector<T> values;
    if constexpr (std::is_same_v<T, std::string>) {
      for (size_t i = 0; i < count; ++i) values.push_back(Text());
    } else {
      if (count > bytes_.size() / sizeof(T)) Nonsense();
      values.resize(count);
      const auto from = Take(count * sizeof(T));
      if (count > 0) std::memcpy(values.data(), from.data(), from.size());
    }
    return values;
  }
  [[noreturn]] static void Nonsense() { Fail("the process that read it handed over something that makes no sense"); }

 private:
  std::string_view Take(size_t size) {
    if (size > bytes_.size()) Nonsense();
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
};

TreeBuilder::TreeBuilder(FileWriter& file, uint64_t max_bytes) : file_(file), bytes_left_(max_bytes) {}

void TreeBuilder::Close() {
  dataset_.reset();
  groups_.clear();
}

Group& TreeBuilder::Inner() { return groups_.empty() ? file_.root() : groups_.back(); }

Object& TreeBuilder::Current() {
  if (dataset_) return *dataset_;
  return Inner();
}

void TreeBuilder::Take(std::string_view message) {
  if (message.empty()) Reader::Nonsense();
  Reader reader(message.substr(1));
  switch (message[0]) {
    case kEnterGroup:
      dataset_.reset();
      if (groups_.size() > kMaxDepth) Reader::Nonsense();
      groups_.push_back(Inner().CreateGroup(reader.Text()));
      return;
    case kLeaveGroup:
      dataset_.reset();
      if (groups_.empty()) Reader::Nonsense();
      groups_.pop_back();
      return;
    case kDataset: {
      const std::string name = reader.Text();
      const Type type = reader.StoredType();
      const Shape shape = reader.Values<int64_t>();
      if (shape.size() > kMaxRank) Reader::Nonsense();
      // HDF5 fills a dataset of texts as soon as one of them is written.
      const uint64_t elements = static_cast<uint64_t>(Elements(shape));
      if (elements > bytes_left_ / kMaxElement)
        Fail("the dataset {} claims {} values, more than a file of this size can hold", name, elements);
      bytes_left_ -= elements * kMaxElement;
      dataset_ = std::make_unique<Dataset>(Inner().MakeDataset(name, type, shape));
      return;
    }
    case kAttribute: return TakeAttribute(reader);
    case kRows: return TakeRows(reader);
    case kLeftOut: left_out_.push_back(reader.Text()); return;
    default: Reader::Nonsense();
  }
}

void TreeBuilder::TakeAttribute(Reader& reader) {
  const std::string name = reader.Text();
  const Type type = reader.StoredType();
  const bool scalar = reader.Number() != 0;
  if (name.find('\0') != std::string::npos) Reader::Nonsense();
  WithAttributeType(type, [&]<class T>(T) {
    const auto values = reader.Values<T>();
    if (scalar && values.size() != 1) Reader::Nonsense();
    if (!dataset_ && groups_.empty() && name == kChecksums) {
      if constexpr (std::is_same_v<T, std::string>)
        if (scalar) checksums_ = values[0];
      return;
    }
    if (scalar)
      Current().SetAttribute(name, values[0]);
    else
      Current().SetAttribute(name, values);
  });
}

void TreeBuilder::TakeRows(Reader& reader) {
  if (!dataset_) Reader::Nonsense();
  const int64_t first = reader.Number();
  WithType(dataset_->type(), [&]<class T>(T) { dataset_->WriteRows<T>(first, reader.Values<T>()); });
}

}  // namespace skipbench::hdf5
