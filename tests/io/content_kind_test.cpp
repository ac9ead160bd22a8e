// What files are by their first bytes.
#include "harness/io/files/content_kind.h"

#include <gtest/gtest.h>

#include "harness/io/files/safetensors.h"
#include "harness/io/hdf5/hdf5_storage.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using namespace std::string_literals;

std::string Zip(const std::string& entry) {
  std::string head = "PK\x03\x04" + std::string(26, '\0') + entry + "...";
  head[26] = static_cast<char>(entry.size());
  return head;
}

TEST(ContentKind, Names) {
  EXPECT_EQ(KindByContent(Zip("arr_0.npy")).name, kNumpyArchive);
  EXPECT_EQ(KindByContent(Zip("archive/data.pkl")).name, "a PyTorch checkpoint (a pickle)");
  EXPECT_EQ(KindByContent(Zip("a.txt")).name, "a ZIP archive");
  EXPECT_EQ(KindByContent("PK\x03\x04"s).name, "a ZIP archive");
  EXPECT_EQ(KindByContent("\x80\x04\x95\x10"s).name, "a pickle");
  EXPECT_EQ(KindByContent("\x80\x04\0\0\0\0\0\0{"s).name, "");  // safetensors with a header of 1152 bytes
  EXPECT_EQ(KindByContent(std::string(16, '\0') + "\xDE\xC0\xEF\xBE").name, "an LMDB database");
  EXPECT_EQ(KindByContent("a prompt").name, "");
  EXPECT_EQ(KindByContent("").name, "");
  EXPECT_TRUE(KindByContent("\xFF\xD8\xFF\xE0"s).picture);
  EXPECT_FALSE(KindByContent("\0\0\0\x18"
                             "ftypisom"s)
                   .picture);
}

TEST(ContentKind, ReadersSayWhatTheyFound) {
  const testing::TempDir dir;
  testing::WriteFile(dir / "x.npz", Zip("noise.npy"));
  EXPECT_ERROR(SafetensorsFile::Open(dir / "x.npz"),
               "x.npz: an archive of NumPy arrays (.npz); a safetensors file was expected");
  testing::WriteFile(dir / "x.npy", "\x93NUMPY\x01 ... of some length");
  EXPECT_ERROR(SafetensorsFile::Open(dir / "x.npy"), "x.npy: a NumPy array (.npy); a safetensors file was expected");
  testing::WriteFile(dir / "results.h5", "version https://git-lfs.github.com/spec/v1\n" + std::string(600, 'x'));
  EXPECT_ERROR(hdf5::Storage::Open(dir / "results.h5"),
               "its first bytes are those of a Git LFS pointer, not the file itself");
}

}  // namespace
}  // namespace skipbench
