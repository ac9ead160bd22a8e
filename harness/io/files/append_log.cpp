#include "harness/io/files/append_log.h"

#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace skipbench {

namespace {

constexpr std::string_view kKey = "\"crc32\":\"";
constexpr size_t kEnding = kKey.size() + 8 + 2;  // and "}

std::string Sealed(std::string_view object) {
  const auto sum = crc32_z(0, reinterpret_cast<const unsigned char*>(object.data()), object.size());
  object.remove_suffix(1);
  return fmt::format("{}{}{}{:08x}\"}}", object, object == "{" ? "" : ",", kKey, sum);
}

// The object without its checksum; empty: that is wrong, or not there.
std::string Unsealed(std::string_view line) {
  if (line.size() < kEnding + 1) return {};
  std::string object(line.substr(0, line.size() - kEnding));
  if (object.back() == ',') object.pop_back();
  object += '}';
  return Sealed(object) == line ? object : std::string();
}

}  // namespace

AppendLog::AppendLog(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) Fail("{}: cannot be made a folder: {}", path.parent_path().string(), error.message());
  file_.reset(std::fopen(path.c_str(), "a+e"));
  if (!file_) FailErrno("cannot be opened");
  std::string text, piece(1 << 16, '\0');
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), file_.get())) text.append(piece, 0, got);
  if (std::ferror(file_.get())) FailErrno("cannot be read");
  ReadLines(text);
}

void AppendLog::ReadLines(const std::string& text) {
  size_t whole = 0;  // bytes of the lines that count
  int number = 0, first_bad = 0;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    ++number;
    const std::string line = Unsealed(std::string_view(text).substr(begin, end - begin));
    if (line.empty()) {
      if (first_bad == 0) first_bad = number;
      continue;
    }
    if (first_bad > 0)
      Fail(
          "{}:{}: damaged, or changed by hand: the line does not have the checksum at its end; without the file its "
          "work is done again",
          path_.string(), first_bad);
    lines_.push_back(line);
    whole = end + 1;
  }
  if (whole == 0 && number > 0)
    Fail("{}:1: no line of a log: it should end with its checksum; without the file its work is done again",
         path_.string());
  if (whole < text.size() && ftruncate(fileno(file_.get()), static_cast<off_t>(whole)) != 0)
    FailErrno("its torn last line cannot be cut off");
}

void AppendLog::Append(std::string_view given) {
  if (given.empty()) return;
  if (given.back() != '\n') Fail("{}: only whole lines are appended", path_.string());
  std::string sealed;
  for (size_t begin = 0, end; begin < given.size(); begin = end + 1) {
    end = given.find('\n', begin);
    const std::string_view line = given.substr(begin, end - begin);
    if (line.size() < 2 || line.front() != '{' || line.back() != '}')
      Fail("{}: only JSON objects are appended, not {}", path_.string(), line);
    sealed += Sealed(line) + "\n";
  }
  if (std::fwrite(sealed.data(), 1, sealed.size(), file_.get()) != sealed.size() || std::fflush(file_.get()) != 0)
    FailErrno("cannot be written");
  if (fdatasync(fileno(file_.get())) != 0 && errno != EINVAL && errno != EROFS)
    FailErrno("cannot be brought to the disk");
}

void AppendLog::FailErrno(const char* what) const { Fail("{}: {}: {}", path_.string(), what, std::strerror(errno)); }

}  // namespace skipbench
