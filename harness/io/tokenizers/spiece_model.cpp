#include "harness/io/tokenizers/spiece_model.h"

#include <bit>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr size_t kMaxFile = size_t{256} << 20;

// One field of a protocol buffer, and what is left behind it.
struct WireField {
  uint64_t number = 0;
  uint64_t value = 0;      // of a varint or a fixed one
  std::string_view bytes;  // of a string or a message
  bool is_bytes = false;
};

class WireReader {
 public:
  WireReader(std::string_view bytes, const std::string& origin) : rest_(bytes), origin_(origin) {}
  bool Next(WireField* field) {
    if (rest_.empty()) return false;
    const uint64_t key = Varint();
    *field = {};
    field->number = key >> 3;
    if (field->number == 0) Broken();
    switch (key & 7) {
      case 0: field->value = Varint(); break;
      case 1: field->value = Fixed(8); break;
      case 5: field->value = Fixed(4); break;
      case 2:
        field->is_bytes = true;
        field->bytes = Take(Varint());
        break;
      default: Broken();
    }
    return true;
  }

 private:
  [[noreturn]] void Broken() const { Fail("{}: not a sentencepiece model, or a damaged one", origin_); }
  std::string_view Take(uint64_t size) {
    if (size > rest_.size()) Broken();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  uint64_t Fixed(size_t size) {
    uint64_t value = 0;
    const std::string_view bytes = Take(size);
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(Take(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Broken();
  }

  std::string_view rest_;
  const std::string& origin_;
};

constexpr uint64_t kUnknownPiece = 2;

void ReadPiece(std::string_view message, const std::string& origin, SpieceModel* model, std::optional<int64_t>* unk) {
  WireReader reader(message, origin);
  UnigramPiece piece;
  uint64_t type = 1;
  for (WireField field; reader.Next(&field);) {
    if (field.number == 1 && field.is_bytes) piece.text = field.bytes;
    if (field.number == 2 && !field.is_bytes) piece.score = std::bit_cast<float>(static_cast<uint32_t>(field.value));
    if (field.number == 3 && !field.is_bytes) type = field.value;
  }
  const size_t id = model->pieces.size();
  if (!WhyNotText(piece.text).empty())
    Fail("{}: piece {} \"{}\": {}", origin, id, Printable(piece.text), WhyNotText(piece.text));
  if (type == kUnknownPiece) {
    if (*unk) Fail("{}: pieces {} and {} both stand for unknown text", origin, **unk, id);
    *unk = static_cast<int64_t>(id);
  }
  model->pieces.push_back(std::move(piece));
}

void ReadTrainer(std::string_view message, const std::string& origin, SpieceModel* model) {
  static constexpr const char* kTypes[] = {"", "Unigram", "BPE", "a model of words", "a model of characters"};
  WireReader reader(message, origin);
  for (WireField field; reader.Next(&field);) {
    if (field.number == 3 && !field.is_bytes && field.value != 1)
      FailUnsupported("{}: only Unigram models are supported, found {}", origin,
                      field.value < std::size(kTypes) && field.value > 0 ? kTypes[field.value]
                                                                         : fmt::format("type {}", field.value));
    if (field.number == 24 && field.value != 0)
      FailUnsupported("{}: treat_whitespace_as_suffix is not supported", origin);
    if (field.number == 35) model->byte_fallback = field.value != 0;
  }
}

void ReadNormalizerSpec(std::string_view message, const std::string& origin, SpieceModel* model) {
  WireReader reader(message, origin);
  for (WireField field; reader.Next(&field);) {
    if (field.number == 2 && field.is_bytes && !field.bytes.empty())
      model->character_map = CharacterMap::Parse(field.bytes, origin);
    static constexpr const char* kFlags[] = {"add_dummy_prefix", "remove_extra_whitespaces", "escape_whitespaces"};
    if (field.number >= 3 && field.number <= 5 && field.value == 0)
      FailUnsupported("{}: {} false is not supported", origin, kFlags[field.number - 3]);
  }
}

}  // namespace

SpieceModel ParseSpieceModel(std::string bytes, const std::string& origin) {
  SpieceModel model;
  std::optional<int64_t> unk;
  WireReader reader(bytes, origin);
  for (WireField field; reader.Next(&field);) {
    if (!field.is_bytes) continue;
    if (field.number == 1) ReadPiece(field.bytes, origin, &model, &unk);
    if (field.number == 2) ReadTrainer(field.bytes, origin, &model);
    if (field.number == 3) ReadNormalizerSpec(field.bytes, origin, &model);
  }
  if (model.pieces.empty()) Fail("{}: not a sentencepiece model: it has no pieces", origin);
  if (!unk) Fail("{}: no piece stands for unknown text (<unk>)", origin);
  model.unk_id = *unk;
  Unigram(model.pieces, unk, false, origin);  // its conditions
  std::set<std::string_view> seen;
  for (const UnigramPiece& piece : model.pieces)
    if (!seen.insert(piece.text).second) Fail("{}: the piece \"{}\" is there twice", origin, Printable(piece.text));
  model.bytes = std::move(bytes);
  return model;
}

SpieceModel ReadSpieceModel(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) Fail("{}: cannot be opened", file.string());
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) > kMaxFile)
    Fail("{}: expected a sentencepiece model of at most {} MiB", file.string(), kMaxFile >> 20);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return ParseSpieceModel(std::move(bytes).str(), file.string());
}

}  // namespace skipbench
