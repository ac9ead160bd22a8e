// One array of numpy's .npy format, as it stands in a file or in an .npz archive.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/npz.h"

namespace skipbench {

// Throws Error that begins with `origin`.
NpyArray ParseNpy(std::span<const std::byte> bytes, const std::string& origin);

// The bytes of a .npy file, version 1.0.
std::string FormatNpy(const NpyArray& array, const std::string& origin);

}  // namespace skipbench
