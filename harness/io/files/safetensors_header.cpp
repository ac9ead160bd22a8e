#include "harness/io/files/safetensors_header.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxRank = 32;

// A small state machine over nlohmann's events: root object > entry object > shape / data_offsets list.
class HeaderHandler : public nlohmann::json_sax<Json> {
 public:
  HeaderHandler(SafetensorsHeader& out, const std::string& origin) : out_(out), origin_(origin) {}

  bool start_object(size_t) override {
    if (level_ == Level::kStart) {
      level_ = Level::kRoot;
    } else if (level_ == Level::kRoot && key_ == "__metadata__") {
      level_ = Level::kMetadata;
    } else if (level_ == Level::kRoot) {
      level_ = Level::kTensor;
      tensor_ = {};
      tensor_.name = key_;
      seen_ = 0;
    } else {
      Unexpected("an object");
    }
    return true;
  }

  bool end_object() override {
    if (level_ == Level::kTensor) {
      if (seen_ != (kDtype | kShape | kOffsets)) {
        const char* missing = !(seen_ & kDtype) ? "dtype" : !(seen_ & kShape) ? "shape" : "data_offsets";
        Fail("{}: has no \"{}\"", Where(), missing);
      }
      out_.tensors.push_back(std::move(tensor_));
      level_ = Level::kRoot;
    } else if (level_ == Level::kMetadata) {
      level_ = Level::kRoot;
    } else {
      level_ = Level::kEnd;
    }
    return true;
  }

  bool key(std::string& text) override {
    if (level_ == Level::kRoot) {
      key_ = text;
      if (!names_.insert(text).second) Fail("{}: the header has \"{}\" twice", origin_, Printable(text));
    } else if (level_ == Level::kMetadata) {
      field_ = text;
      if (out_.metadata.contains(text)) Fail("{}: __metadata__ has \"{}\" twice", origin_, Printable(text));
    } else {
      field_ = text;
      const unsigned bit = text == "dtype" ? kDtype : text == "shape" ? kShape : text == "data_offsets" ? kOffsets : 0u;
      if (bit == 0) Fail("{}: unknown key \"{}\"", Where(), Printable(text));
      if (seen_ & bit) Fail("{}: \"{}\" is given twice", Where(), text);
      seen_ |= bit;
    }
    return true;
  }

  bool start_array(size_t) override {
    if (level_ != Level::kTensor || field_ == "dtype") Unexpected("a list");
    level_ = Level::kList;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    level_ = Level::kTensor;
    if (field_ == "data_offsets" && offsets_ != 2)
      Fail("{}: data_offsets: expected 2 numbers, found {}", Where(), offsets_);
    return true;
  }

  bool string(std::string& text) override {
    if (level_ == Level::kMetadata) {
      out_.metadata.emplace(field_, text);
    } else if (level_ == Level::kTensor && field_ == "dtype") {
      tensor_.dtype = text;
    } else {
      Unexpected("a string");
    }
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (level_ != Level::kList) Unexpected("a number");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      Fail("{}: {}: {} is too large", Where(), field_, value);
    if (field_ == "shape") {
      if (tensor_.shape.size() == kMaxRank) Fail("{}: more than {} dimensions", Where(), kMaxRank);
      tensor_.shape.push_back(static_cast<int64_t>(value));
    } else {
      if (offsets_ < 2) (offsets_ == 0 ? tensor_.begin : tensor_.end) = value;
      ++offsets_;
    }
    return true;
  }

  bool number_integer(int64_t value) override { Unexpected(fmt::format("the negative number {}", value)); }
  bool number_float(double, const std::string& text) override { Unexpected("the number " + Printable(text)); }
  bool null() override { Unexpected("null"); }
  bool boolean(bool value) override { Unexpected(value ? "true" : "false"); }
  bool binary(Json::binary_t&) override { Unexpected("binary data"); }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    std::string what = error.what();
    if (auto end = what.find("] "); end != std::string::npos) what = what.substr(end + 2);
    Fail("{}: the header is not valid JSON (near its byte {}): {}", origin_, position, Printable(what));
  }

 private:
  enum class Level { kStart, kRoot, kMetadata, kTensor, kList, kEnd };
  static constexpr unsigned kDtype = 1, kShape = 2, kOffsets = 4;  // bits of seen_

  std::string Where() const {
    if (level_ == Level::kStart) return fmt::format("{}: header", origin_);
    return fmt::format("{}: {} \"{}\"", origin_, key_ == "__metadata__" ? "header entry" : "tensor", Printable(key_));
  }

  [[noreturn]] void Unexpected(const std::string& found) const {
    switch (level_) {
      case Level::kMetadata:
        Fail("{}: __metadata__ \"{}\": expected a string, found {}", origin_, Printable(field_), found);
      case Level::kTensor:
        Fail("{}: {}: expected {}, found {}", Where(), field_, field_ == "dtype" ? "a string" : "a list", found);
      case Level::kList: Fail("{}: {}: expected a non-negative integer, found {}", Where(), field_, found);
      default: Fail("{}: expected an object, found {}", Where(), found);
    }
  }

  SafetensorsHeader& out_;
  const std::string& origin_;
  Level level_ = Level::kStart;
  std::string key_;    // of the root object
  std::string field_;  // inside an entry
  HeaderTensor tensor_;
  unsigned seen_ = 0;
  int offsets_ = 0;
  std::unordered_set<std::string> names_;
};

}  // namespace

SafetensorsHeader ParseSafetensorsHeader(std::string_view text, const std::string& origin) {
  if (text.empty() || text.front() != '{') Fail("{}: the header does not begin with '{{'", origin);
  // The lexer treats a NUL as the end of its input; to us it is a stray byte like any other.
  if (text.find('\0') != std::string_view::npos) Fail("{}: the header contains a zero byte", origin);
  SafetensorsHeader header;
  HeaderHandler handler(header, origin);
  Json::sax_parse(text.begin(), text.end(), &handler);
  return header;
}

}  // namespace skipbench
