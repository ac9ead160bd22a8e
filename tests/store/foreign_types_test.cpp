// Types that other tools write into HDF5 files, and which structures our own files have.
#include <gtest/gtest.h>

#include "harness/io/hdf5/hdf5.h"
#include "harness/io/hdf5/hdf5_internal.h"
#include "harness/io/hdf5/hdf5_storage.h"
#include "tests/store/python.h"

namespace skipbench {
namespace {

using testing::TempDir;

TEST(ForeignTypes, HalvesAreReadAndOpaqueBytesRefused) {
  if (!testing::PythonHasH5py()) GTEST_SKIP() << "no h5py in " << testing::PythonPath();
  const TempDir dir;
  testing::ExpectPython(R"py(
with h5py.File(path, "w") as f:
  f["half"] = np.array([1.5, -65504, 6e-8, np.inf], np.float16)
  # bfloat16, as HDF5 describes it: a sign, 8 bits of exponent, 7 of mantissa.
  t = h5py.h5t.IEEE_F32LE.copy()
  t.set_fields(15, 7, 8, 0, 7)
  t.set_size(2)
  t.set_ebias(127)
  space = h5py.h5s.create_simple((3,))
  d = h5py.h5d.create(f.id, b"brain", t, space)
  d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([0x3FC0, 0xC2F7, 0x7F80], np.uint16).view("V2"), mtype=t)
  f["void"] = np.array([1, 2], np.uint16).view("V2")
  f.attrs["void"] = np.array([1, 2], np.uint16).view("V2")
  f.attrs["half"] = np.float16(0.25)
)py",
                        dir / "a.h5");
  const hdf5::Group root = hdf5::internal::OpenStorage(hdf5::Storage::OpenUnchecked(dir / "a.h5"));
  const auto half = root.Read<float>("half");
  EXPECT_EQ(half, (std::vector<float>{1.5f, -65504.0f, 0x1p-24f, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(root.Read<double>("brain"), (std::vector<double>{1.5, -123.5, HUGE_VAL}));
  EXPECT_EQ(root.Attribute<double>("half"), 0.25);
  EXPECT_ERROR(root.OpenDataset("void"),
               "holds raw bytes without a meaning (HDF5's opaque type): what h5py makes of a type that NumPy lacks, "
               "such as bfloat16");
  EXPECT_ERROR(root.Attribute<double>("void"), "the attribute void holds raw bytes without a meaning");
}

// HDF5 1.10 reads superblocks up to version 3, and nothing newer stands in a file whose bounds were 1.8 and 1.10.
TEST(ForeignTypes, OurFilesAreOfHdf5OnePointTen) {
  const TempDir dir;
  hdf5::FileWriter file(dir / "a.h5");
  file.root().Write("x", std::vector<float>{1, 2}, {2}, {"sample"});
  file.root().SetAttribute("text", std::string("a"));
  file.Commit();
  const std::string bytes = testing::ReadFile(dir / "a.h5");
  const size_t start = bytes.find("\x89HDF\r\n\x1a\n");
  ASSERT_NE(start, std::string::npos);
  EXPECT_LE(static_cast<unsigned char>(bytes[start + 8]), 3);
}

}  // namespace
}  // namespace skipbench
