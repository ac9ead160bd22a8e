// Damaged HDF5 files, as whoever is given one opens it: libhdf5 meets them in another process, and this one goes on.
// The input is a list of changes (place, bytes) to a small file, whose checksum is then made to fit.
#include <zlib.h>

#include <csignal>

#include "harness/io/hdf5/hdf5.h"
#include "harness/io/hdf5/hdf5_guarded.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace skipbench;

std::string Base() {
  const auto path = fuzz::Folder() / "base.h5";
  {
    hdf5::FileWriter file(path);
    file.root().SetAttribute("name", std::string("a file"));
    file.root().SetAttribute("list", std::vector<std::string>{"a", "bc", std::string(5000, 'x')});
    hdf5::Group group = file.root().CreateGroup("settings").CreateGroup("0");
    group.Write("nfe", std::vector<int32_t>{1, 2, 3}, {3}, {"sample"}, "evaluations");
    group.Write("message", std::vector<std::string>{"one", "", "three"}, {3}, {"sample"});
    group.Write("latents", std::vector<float>(60, 0.5f), {3, 4, 5}, {"sample", "height", "width"});
    for (int i = 0; i < 12; ++i) file.root().CreateGroup(fmt::format("group{}", i));
    file.Commit();
  }
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr size_t kFirstLines = 512;

void Seal(std::string* file) {
  const auto sum =
      crc32_z(0, reinterpret_cast<const unsigned char*>(file->data()) + kFirstLines, file->size() - kFirstLines);
  std::string head =
      fmt::format("skipbench results\nAn HDF5 file. Bytes in all: {}\nCRC-32 of the bytes after the first {}: {:08x}\n",
                  file->size(), kFirstLines, static_cast<uint32_t>(sum));
  head.resize(kFirstLines, '\0');
  file->replace(0, kFirstLines, head);
}

void ReadAll(const hdf5::Group& group, int depth) {
  if (depth > 5) return;
  for (const auto& name : group.AttributeNames()) fuzz::Try([&] { group.AttributeList<std::string>(name); });
  for (const auto& name : group.Members())
    fuzz::Try([&] {
      if (group.IsGroup(name))
        ReadAll(group.OpenGroup(name), depth + 1);
      else if (group.OpenDataset(name).type() == hdf5::Type::kString)
        group.Read<std::string>(name);
      else
        group.Read<double>(name);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string base = Base();
  std::string file = base;
  for (size_t at = 0; at + 4 <= size;) {
    const size_t place = kFirstLines + (data[at] | size_t{data[at + 1]} << 8) % (file.size() - kFirstLines),
                 count = 1 + data[at + 2] % 8;
    at += 3;
    for (size_t i = 0; i < count && at < size && place + i < file.size(); ++i)
      file[place + i] = static_cast<char>(data[at++]);
  }
  // Half of the inputs as another program would have changed them: without our first lines.
  const bool stripped = size > 0 && data[size - 1] % 2 == 1;
  Seal(&file);
  fuzz::Write("x.h5", stripped ? std::string_view(file).substr(kFirstLines) : std::string_view(file));
  return fuzz::Try([&] { ReadAll(hdf5::OpenGuarded(fuzz::Folder() / "x.h5", /*unchecked=*/stripped).root, 0); });
}
