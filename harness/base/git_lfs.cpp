#include "harness/base/git_lfs.h"

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The value of a pointer's line "KEY VALUE"; empty without one.
std::string_view ValueOf(std::string_view content, std::string_view key) {
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line = content.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
      return line.substr(key.size() + 1);
    begin = end + 1;
  }
  return {};
}

}  // namespace

bool IsLfsPointer(std::string_view content) {
  return content.starts_with("version https://git-lfs.github.com/spec/") ||
         content.starts_with("version https://hawser.github.com/spec/");
}

void RefuseLfsPointer(std::string_view content, const std::string& file) {
  if (!IsLfsPointer(content)) return;
  const std::string_view size = ValueOf(content, "size"), hash = ValueOf(content, "oid");
  Fail(
      "{}: a Git LFS pointer, not the file itself{}: the repository was cloned without git-lfs. Run `git lfs install "
      "&& git lfs pull` in it, or "
      "download the file again",
      file, size.empty() ? "" : fmt::format(" (which has {} bytes, {})", size, hash.empty() ? "no hash" : hash));
}

}  // namespace skipbench
