#include "harness/io/hdf5/survey.h"

#include "harness/io/hdf5/hdf5_internal.h"

namespace skipbench::hdf5 {
namespace {

constexpr int kMaxDepth = 16;
constexpr int64_t kMaxObjects = 4'000'000;
constexpr uint64_t kMaxElement = 16;  // bytes: of a text, its place elsewhere in the file

class Surveyor {
 public:
  Surveyor(bool plain_numbers, uint64_t max_bytes, const std::function<void()>& step)
      : plain_numbers_(plain_numbers), bytes_left_(max_bytes), step_(step) {}

  void Visit(const Group& group, int depth) {
    if (depth > kMaxDepth) Fail("{}: groups lie more than {} deep", group.Where(), kMaxDepth);
    if (depth > 0) survey_.contents.AddGroup(group.path());
    Attributes(group);
    for (const auto& name : group.Members()) {
      if (++objects_ > kMaxObjects)
        Fail("{}: the file has more than {} groups and datasets", group.Where(), kMaxObjects);
      bool is_group = false;
      try {
        is_group = group.IsGroup(name);
        if (!is_group) Visit(group.OpenDataset(name));
      } catch (const Error&) {
        if (too_large_) throw;
        survey_.left_out.push_back((group.path() == "/" ? "" : group.path()) + "/" + name);
      }
      if (is_group) Visit(group.OpenGroup(name), depth + 1);
    }
  }
  Survey Take() { return std::move(survey_); }

 private:
  void Visit(const Dataset& dataset) {
    survey_.contents.AddDataset(dataset.path(), dataset.type(), dataset.shape());
    Attributes(dataset);
    if (!plain_numbers_ && dataset.IsPlain()) return;
    // HDF5 fills a dataset of texts as soon as one of them is written.
    Spend(dataset, static_cast<uint64_t>(Elements(dataset.shape())), kMaxElement);
    WithType(dataset.type(), [&]<class T>(T) {
      dataset.EachPiece<T>(0, dataset.rows(), [&](int64_t row, const std::vector<T>& values) {
        if constexpr (std::is_same_v<T, std::string>)
          for (const auto& text : values) Spend(dataset, text.size(), 1);
        survey_.contents.AddRows<T>(dataset.path(), row, dataset.row_elements(), values);
        step_();
      });
    });
  }

  void Attributes(const Object& object) {
    for (const auto& name : object.AttributeNames()) {
      try {
        object.WithAttribute(name, [&]<class T>(bool scalar, const std::vector<T>& values) {
          if constexpr (std::is_same_v<T, std::string>)
            if (scalar && object.path() == "/" && name == kChecksums) {
              survey_.checksums = values.at(0);
              return;
            }
          survey_.contents.AddAttribute<T>(object.path(), name, scalar, values);
        });
      } catch (const Error&) {
        survey_.left_out.push_back(object.path() + ": " + name);
      }
      step_();
    }
  }

  void Spend(const Dataset& dataset, uint64_t count, uint64_t bytes) {
    too_large_ = count > bytes_left_ / bytes;
    if (too_large_) Fail("{}: claims more values than a file of this size can hold", dataset.Where());
    bytes_left_ -= count * bytes;
  }

  bool plain_numbers_;
  uint64_t bytes_left_;
  const std::function<void()>& step_;
  int64_t objects_ = 0;
  bool too_large_ = false;
  Survey survey_;
};

}  // namespace

Survey SurveyOf(const Group& root, uint64_t max_bytes, const std::function<void()>& step) {
  Surveyor surveyor(/*plain_numbers=*/true, max_bytes, step);
  surveyor.Visit(root, 0);
  return surveyor.Take();
}

void Rehearse(const Group& root, const std::function<void()>& step) {
  Surveyor(/*plain_numbers=*/false, UINT64_MAX, step).Visit(root, 0);
}

}  // namespace skipbench::hdf5
