#include "harness/io/files/safetensors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ATen/ATen.h>

#include <csignal>
#include <cstring>

#include "harness/io/files/atomic_file.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

std::string File(const std::string& header, size_t data_bytes) {
  std::string bytes(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\1');
}

class SafetensorsTest : public ::testing::Test {
 protected:
  void Expect(const std::string& bytes, const std::string& message) {
    WriteFile(temp_ / "f.safetensors", bytes);
    EXPECT_ERROR(SafetensorsFile::Open(temp_ / "f.safetensors"), message);
    EXPECT_ERROR(SafetensorsFile::Open(temp_ / "f.safetensors"), (temp_ / "f.safetensors").string());
  }
  void ExpectHeader(const std::string& header, size_t data_bytes, const std::string& message) {
    Expect(File(header, data_bytes), message);
  }
  TempDir temp_;
};

TEST_F(SafetensorsTest, RoundTrip) {
  const float floats[3] = {1, 2, 3};
  const uint8_t bytes[2] = {4, 5};
  const int64_t scalar = -6;
  auto span = [](const auto& value) { return std::as_bytes(std::span(&value, 1)); };
  WriteSafetensors(temp_ / "f.safetensors",
                   {{"u", Dtype::kU8, {2, 1}, std::as_bytes(std::span(bytes))},
                    {"w", Dtype::kF32, {3}, std::as_bytes(std::span(floats))},
                    {"s", Dtype::kI64, {}, span(scalar)},
                    {"e", Dtype::kF16, {0, 5}, {}}},
                   {{"made by", "a \"test\"\n"}});
  const auto file = SafetensorsFile::Open(temp_ / "f.safetensors");
  ASSERT_EQ(file->entries().size(), 4u);
  EXPECT_EQ(file->entries()[0].name, "s");  // widest first, so that everything is aligned
  EXPECT_EQ(file->metadata().at("made by"), "a \"test\"\n");
  EXPECT_EQ(file->Find("u")->shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(std::memcmp(file->Find("w")->bytes.data(), floats, 12), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->Find("s")->bytes.data()) % 8, 0u);
  EXPECT_TRUE(file->Find("e")->bytes.empty());
  EXPECT_EQ(file->Find("x"), nullptr);
}

TEST_F(SafetensorsTest, BrokenFiles) {
  Expect("", "0 bytes");
  Expect("1234567", "7 bytes");
  Expect(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8), "at most 100000000 are allowed");
  Expect(std::string("\x10\0\0\0\0\0\0\0{}", 10), "16 bytes long, but only 2 follow");
  ExpectHeader("", 0, "does not begin with '{'");
  ExpectHeader(" {}", 0, "does not begin with '{'");
  ExpectHeader("{", 0, "not valid JSON");
  ExpectHeader("{} x", 0, "not valid JSON");
  ExpectHeader("{/*comment*/}", 0, "not valid JSON");
  ExpectHeader(std::string("{}\0", 3), 0, "a zero byte");
  ExpectHeader("{\"\xff\": 1}", 0, "not valid JSON");
  ExpectHeader("{}", 3, "the tensors end at byte 0 of the data, but the file holds 3");
}

TEST_F(SafetensorsTest, BrokenEntries) {
  ExpectHeader(R"({"a": 1})", 0, "\"a\": expected an object, found a number");
  ExpectHeader(R"({"a": []})", 0, "\"a\": expected an object, found a list");
  ExpectHeader(R"({"a": {}})", 0, "tensor \"a\": has no \"dtype\"");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1]}})", 4, "has no \"data_offsets\"");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "more": 1}})", 4,
               "unknown key \"more\"");
  ExpectHeader(R"({"a": {"dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 4,
               "\"dtype\" is given twice");
  ExpectHeader(R"({"a": {"dtype": "F33", "shape": [1], "data_offsets": [0, 4]}})", 4, "unknown dtype \"F33\"");
  ExpectHeader(R"({"a": {"dtype": 3, "shape": [1], "data_offsets": [0, 4]}})", 4, "dtype: expected a string");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}})", 4,
               "shape: expected a list, found a number");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}})", 4,
               "shape: expected a non-negative integer");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}})", 4,
               "shape: expected a non-negative integer");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [[1]], "data_offsets": [0, 4]}})", 4, "found a list");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}})", 4, "expected 2 numbers, found 1");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 4]}})", 4, "expected 2 numbers, found 3");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 99999999999999999999]}})", 4,
               "expected a non-negative integer");
  ExpectHeader(R"({"__metadata__": {"a": 1}})", 0, "__metadata__ \"a\": expected a string");
  ExpectHeader(R"({"__metadata__": {"a": "x", "a": "y"}})", 0, "__metadata__ has \"a\" twice");
  ExpectHeader(R"({"__metadata__": []})", 0, "expected an object");
  std::string ranks = "1";
  for (int i = 0; i < 40; ++i) ranks += ",1";
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [)" + ranks + R"(], "data_offsets": [0, 4]}})", 4,
               "more than 32 dimensions");
}

TEST_F(SafetensorsTest, BrokenOffsets) {
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})", 4, "run backwards");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 3, "lie beyond the 3 bytes of data");
  ExpectHeader(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}})", 4,
               "F32 [2] takes 8 bytes, but data_offsets [0, 4] span 4");
  ExpectHeader(R"({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 4]}})", 4, "F64 [1] takes 8 bytes");
  ExpectHeader(R"({"a": {"dtype": "U8", "shape": [4611686018427387904, 4], "data_offsets": [0, 4]}})", 4,
               "overflows 64 bits");
  ExpectHeader(R"({"a": {"dtype": "U8", "shape": [0, 4611686018427387904, 4], "data_offsets": [0, 0]}})", 0,
               "overflows 64 bits");
  ExpectHeader(
      R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}})",
      6, "tensor \"b\" [2, 6] overlaps tensor \"a\", which ends at 4");
  ExpectHeader(
      R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}})",
      4, "overlaps");
  ExpectHeader(R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [1, 5]}})", 5,
               "bytes 0 to 1 of the data, before tensor \"a\", belong to no tensor");
  ExpectHeader(R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}})", 5,
               "the tensors end at byte 4 of the data, but the file holds 5");
  ExpectHeader(
      R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "a": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]}})",
      8, "the header has \"a\" twice");
  ExpectHeader(R"({"a": {"dtype": "F4", "shape": [3], "data_offsets": [0, 1]}})", 1, "do not fill whole bytes");
}

TEST_F(SafetensorsTest, AcceptsWhatTheFormatAllows) {
  WriteFile(temp_ / "f", File("{}", 0));
  EXPECT_TRUE(SafetensorsFile::Open(temp_ / "f")->entries().empty());
  WriteFile(
      temp_ / "f",
      File(
          R"({"b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[1,3]},"a":{"data_offsets":[0,1],"shape":[],"dtype":"U8"},"":{"dtype":"F4","shape":[2],"data_offsets":[3,4]}}   )",
          4));
  const auto file = SafetensorsFile::Open(temp_ / "f");
  EXPECT_EQ(file->entries()[0].name, "a");
  EXPECT_EQ(file->Find("")->bytes.size(), 1u);
  EXPECT_EQ(file->Find("b")->dtype, Dtype::kF8E4M3);
}

TEST_F(SafetensorsTest, Pickles) {
  for (const char* name : {"x.bin", "x.ckpt", "x.pt", "x.pth"}) {
    WriteFile(temp_ / name, "anything");
    EXPECT_ERROR(SafetensorsFile::Open(temp_ / name), "scripts/convert/");
  }
  Expect("PK\3\4 a zip archive", "this is a pickle");
  Expect(std::string("\x80\x02}q\x00(X\x0b", 8), "this is a pickle");
  EXPECT_ERROR(SafetensorsFile::Open(temp_ / "nothing"), "nothing: cannot be opened");
  EXPECT_ERROR(SafetensorsFile::Open(temp_.path()), "not a regular file");
  // A header of 0x280 bytes begins with the bytes of a pickle's opcode, and is none.
  std::string header(0x280, ' ');
  header.replace(0, 2, "{}");
  WriteFile(temp_ / "f", File(header, 0));
  EXPECT_TRUE(SafetensorsFile::Open(temp_ / "f")->entries().empty());
}

// RLIMIT_FSIZE makes writes fail as a full disk does, without needing one.
TEST(AtomicFileTest, AFailedWriteLeavesTheOldFile) {
  const TempDir temp;
  WriteFileAtomically(temp / "f", "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 19, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_ERROR(WriteFileAtomically(temp / "f", std::string(1 << 20, 'n')), "/f: cannot be written: File too large");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(ReadFile(temp / "f"), "old");
  int files = 0;
  for (const auto& one : std::filesystem::directory_iterator(temp.path())) files += one.exists();
  EXPECT_EQ(files, 1);  // no temporary file is left
}

TEST(AtomicFileTest, WritesOrLeaves) {
  TempDir temp;
  {
    AtomicFile file(temp / "sub/x.txt");
    file.Write("abc");
    file.Commit();
  }
  EXPECT_EQ(ReadFile(temp / "sub/x.txt"), "abc");
  {
    AtomicFile file(temp / "sub/x.txt");
    file.Write("never committed");
  }
  EXPECT_EQ(ReadFile(temp / "sub/x.txt"), "abc");
  EXPECT_ERROR(AtomicFile(temp / "sub"), "it is a folder");
  EXPECT_ERROR(AtomicFile(temp / "sub/x.txt/y"), "cannot create the folder");
  if (std::filesystem::exists("/dev/full"))
    EXPECT_ERROR(WriteFileAtomically("/proc/nothing/x", "abc"), "/proc/nothing/x");
  const std::string large(300000, 'z');
  WriteFileAtomically(temp / "large", large);
  EXPECT_EQ(ReadFile(temp / "large"), large);
}

}  // namespace
}  // namespace skipbench
