#include "harness/io/files/atomic_file.h"

#include <sys/stat.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(AtomicFile, ReplacesFilesAndNothingElse) {
  const testing::TempDir dir;
  WriteFileAtomically(dir / "a.txt", "one");
  WriteFileAtomically(dir / "a.txt", "two");
  EXPECT_EQ(testing::ReadFile(dir / "a.txt"), "two");
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_ERROR(WriteFileAtomically(dir / "pipe", "x"), "pipe: cannot be written: it is no regular file");
  EXPECT_TRUE(std::filesystem::is_fifo(dir / "pipe"));
  // A link to something else is not replaced either.
  std::filesystem::create_symlink(dir / "pipe", dir / "link");
  EXPECT_ERROR(WriteFileAtomically(dir / "link", "x"), "link: cannot be written");
  EXPECT_TRUE(std::filesystem::is_symlink(dir / "link"));
}

}  // namespace
}  // namespace skipbench
