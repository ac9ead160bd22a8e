#include "harness/io/files/sha256.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::string Hash(std::string_view text, size_t piece = 1 << 20) {
  Sha256 hash;
  for (size_t at = 0; at < text.size(); at += piece) hash.Update(std::as_bytes(std::span(text.substr(at, piece))));
  return hash.HexDigest();
}

// Test vectors of FIPS 180-4 and of NIST's examples.
TEST(Sha256Test, KnownDigests) {
  EXPECT_EQ(Hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hash(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesOfAnySize) {
  const std::string text(1000, 'q');
  for (size_t length : {55, 56, 63, 64, 65, 119, 120, 128, 1000})
    for (size_t piece : {1, 3, 63, 64, 65, 200})
      EXPECT_EQ(Hash(text.substr(0, length), piece), Hash(text.substr(0, length)));
}

TEST(Sha256Test, Files) {
  testing::TempDir temp;
  testing::WriteFile(temp / "f", "abc");
  testing::WriteFile(temp / "empty", "");
  EXPECT_EQ(Sha256OfFile(temp / "f"), Hash("abc"));
  EXPECT_EQ(Sha256OfFile(temp / "empty"), Hash(""));
  const std::string large((size_t{4} << 20) * 2 + 77, 'x');  // more than two pieces
  testing::WriteFile(temp / "large", large);
  EXPECT_EQ(Sha256OfFile(temp / "large"), Hash(large));
  EXPECT_ERROR(Sha256OfFile(temp / "none"), "none: cannot be opened");
}

}  // namespace
}  // namespace skipbench
