// Giving a finished file a name that nobody has: of several processes, on whatever machines share the file system, one
// wins. Hard links and renames are atomic on NFS and Lustre too; locks are not needed.
#pragma once

#include <filesystem>
#include <string_view>

namespace skipbench {

// Gives the file `temporary` the name `path` and takes its old name away; false, and `temporary` removed, where `path`
// is there already. `may_replace`: where the file system knows no hard links, an existing file may be replaced (by one
// that is as good); otherwise it is an Error there, as is every other failure, with the name and the cause.
bool TakeName(const std::filesystem::path& temporary, const std::filesystem::path& path, bool may_replace);

// Makes a file of this content unless there is one; false: there is. Its folder must be there: Error. Where there are
// no hard links an empty file is seen first.
bool MakeExclusively(const std::filesystem::path& path, std::string_view content);

// Puts a file in place of what stands there, without bringing it to the disk: for what is renewed all the time. Makes
// no folder. False where that fails.
bool ReplaceQuickly(const std::filesystem::path& path, std::string_view content);

}  // namespace skipbench
