// numpy's .npz: a ZIP archive of .npy arrays, stored or deflated, as np.savez and np.savez_compressed write it
// (numpy.lib.format, versions 1.0 to 3.0; APPNOTE.TXT with the 64-bit extensions).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skipbench {

struct NpyArray {
  std::vector<int64_t> shape;  // [] is a scalar
  std::vector<double> values;  // row-major, whatever the file's order; empty for text
  std::string text;            // of a scalar of characters ("<U12", "|S12")
  bool is_text = false;
};
using Npz = std::map<std::string, NpyArray>;  // by name, without ".npy"

// Arrays of float16/32/64, integers of all sizes and booleans, little- or big-endian, C or Fortran order, become
// float64; a scalar of characters becomes text. Everything else (objects, complex numbers, encrypted or otherwise
// compressed members) is refused by name. Whatever the file says is checked before memory is taken for it. Throws Error
// naming file and member.
Npz ReadNpz(const std::filesystem::path& path);
// One array of it, the others unread; nothing if it is not there.
std::optional<NpyArray> ReadNpzMember(const std::filesystem::path& path, const std::string& name);
Npz ParseNpz(std::span<const std::byte> bytes, const std::string& origin);

// Writes float64 arrays ("<f8", C order) and text ("<U"), atomically. Throws Error when values and shape do not fit.
void WriteNpz(const std::filesystem::path& path, const Npz& arrays, bool deflate = false);

}  // namespace skipbench
