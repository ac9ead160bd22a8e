// A file of JSON objects, one a line, that only grows and survives being killed: what was appended is there, a line
// torn by a crash is not. Each line ends with the CRC-32 of what stands before it: {"a":1,"crc32":"0f2a66c1"}.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

class AppendLog {
 public:
  // Opens or makes the file (and its folder). What follows the last whole line is cut off: half a line, and lines at
  // the end that do not have their checksums (a crash of the machine may leave such). Error naming file and line when
  // one before the last whole line has not its checksum, and naming the file for everything else.
  explicit AppendLog(const std::filesystem::path& path);

  // The objects that were there when it was opened, without their checksums.
  const std::vector<std::string>& lines() const { return lines_; }
  // Appends objects, each on a line ended by '\n', and brings them to the disk before it returns.
  void Append(std::string_view lines);

 private:
  void ReadLines(const std::string& text);
  [[noreturn]] void FailErrno(const char* what) const;
  std::filesystem::path path_;
  std::vector<std::string> lines_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
};

}  // namespace skipbench
