#include "harness/io/files/mask_file.h"

#include <algorithm>
#include <optional>

#include "harness/base/json.h"
#include "harness/io/files/mapped_file.h"

namespace skipbench {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr const char* kWanted = "expected a list of 0 and 1, one a scheduler call";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

uint8_t EntryOf(const Json& entry, size_t place, const std::string& origin) {
  if (entry == 1 || entry == true) return 1;
  if (entry == 0 || entry == false) return 0;
  Fail("{}: entry {}: expected 1 (run the network) or 0 (skip), found {}", origin, place, entry.dump());
}

std::vector<uint8_t> MaskOf(const Json& list, const std::string& origin) {
  if (!list.is_array()) Fail("{}: {}, found {}", origin, kWanted, list.type_name());
  std::vector<uint8_t> mask;
  for (const Json& entry : list) mask.push_back(EntryOf(entry, mask.size(), origin));
  return mask;
}

MaskFile FromJson(const Json& json, const std::string& origin) {
  if (!json.is_object()) return {MaskOf(json, origin), ""};
  MaskFile file;
  for (const char* key : {"mask", "steps_computation_mask"})
    if (const auto found = json.find(key); found != json.end()) {
      file.mask = MaskOf(*found, origin + ": " + key);
      for (const char* name : {"setting", "name"})
        if (const auto label = json.find(name); file.name.empty() && label != json.end() && label->is_string())
          file.name = label->get<std::string>();
      return file;
    }
  Fail("{}: expected the key \"mask\" or \"steps_computation_mask\" with a list of 0 and 1", origin);
}

// Python's text without comments; strings keep what looks like one, which no mask holds.
std::string WithoutComments(const std::string& text) {
  std::string out;
  bool comment = false;
  for (const char c : text) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (!comment) out += c;
  }
  return out;
}

// What stands between brackets, as a mask; nothing where it is another list.
std::optional<std::vector<uint8_t>> ListOf(const std::string& inside) {
  std::vector<uint8_t> mask;
  size_t begin = 0;
  while (begin <= inside.size()) {
    const size_t end = std::min(inside.find(',', begin), inside.size());
    const std::string entry = Trimmed(inside.substr(begin, end - begin));
    if (entry == "1" || entry == "True")
      mask.push_back(1);
    else if (entry == "0" || entry == "False")
      mask.push_back(0);
    else if (!entry.empty() || end < inside.size())
      return std::nullopt;
    begin = end + 1;
  }
  return mask.size() > 1 ? std::optional(mask) : std::nullopt;
}

MaskFile FromPython(const std::string& text, const std::string& origin) {
  const std::string code = WithoutComments(text);
  MaskFile file;
  for (size_t open = code.find('['); open != std::string::npos; open = code.find('[', open + 1)) {
    const size_t close = code.find_first_of("[]", open + 1);
    if (close == std::string::npos || code[close] == '[') continue;
    const auto mask = ListOf(code.substr(open + 1, close - open - 1));
    if (!mask) continue;
    if (!file.mask.empty() && file.mask != *mask) Fail("{}: holds several lists of 0 and 1; one is expected", origin);
    file.mask = *mask;
  }
  if (file.mask.empty()) Fail("{}: {}, as JSON or Python; found no such list", origin, kWanted);
  // As the comments of our own snippets name it.
  static const std::string setting = "\n# Setting: ";
  if (const size_t begin = text.find(setting); begin != std::string::npos) {
    const size_t name = begin + setting.size();
    file.name = Trimmed(text.substr(name, text.find('\n', name) - name));
  }
  return file;
}

bool IsDigits(const std::string& text) {
  return text.size() > 1 && std::ranges::all_of(text, [](char c) { return c == '0' || c == '1'; });
}

}  // namespace

MaskFile ParseMask(const std::string& text, const std::string& origin) {
  const std::string trimmed = Trimmed(text);
  MaskFile file;
  if (IsDigits(trimmed))
    for (const char c : trimmed) file.mask.push_back(c == '1');
  else if (!trimmed.empty() && (trimmed[0] == '{' || nlohmann::json::accept(trimmed)))
    file = FromJson(ParseJson(trimmed, origin), origin);
  else
    file = FromPython(text, origin);
  if (file.mask.empty()) Fail("{}: {}, found an empty list", origin, kWanted);
  if (file.mask[0] != 1) Fail("{}: the first call must run the network (entry 0 must be 1)", origin);
  return file;
}

MaskFile ReadMaskFile(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > kMostBytes) Fail("{}: {} bytes; a mask has at most {}", path.string(), bytes.size(), kMostBytes);
  return ParseMask(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path.string());
}

}  // namespace skipbench
