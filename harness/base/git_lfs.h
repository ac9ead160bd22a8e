// Git LFS: a clone without git-lfs holds small text files in the place of large ones.
#pragma once

#include <string>
#include <string_view>

namespace skipbench {

// Whether `content`, the beginning of a file, is that of a Git LFS pointer.
bool IsLfsPointer(std::string_view content);

// Throws Error when `content`, the beginning of `file` (200 bytes are enough), is a Git LFS pointer: says what it
// stands for and how the file itself is had. Other content passes. Format:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
void RefuseLfsPointer(std::string_view content, const std::string& file);

}  // namespace skipbench
