// A file of lines that only grows and survives being killed: what was appended is there, a line torn by a crash is not.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

class AppendLog {
 public:
  // Opens or makes the file (and its folder). What follows the last whole line is cut off. Errors name the file.
  explicit AppendLog(const std::filesystem::path& path);
  ~AppendLog();
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  // The lines that were there when it was opened, without their ends.
  const std::vector<std::string>& lines() const { return lines_; }
  // Appends whole lines, each ended by '\n', and brings them to the disk before it returns.
  void Append(std::string_view lines);

 private:
  [[noreturn]] void FailErrno(const char* what, int error) const;
  std::filesystem::path path_;
  std::vector<std::string> lines_;
  int fd_ = -1;
};

}  // namespace skipbench
