// .npz archives: written and read again, numpy's own, and broken ones.
#include "harness/io/npz.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <span>

#include "harness/base/error.h"
#include "harness/io/npy.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

// A .npy file with that header (padded as the format asks) and data.
std::string Npy(const std::string& header, const std::string& data) {
  const std::string padded = header + "\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(padded.size()) + '\0' + padded + data;
}

std::string Doubles(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * 8};
}

TEST(Npz, WhatIsWrittenIsReadAgain) {
  const testing::TempDir folder;
  Npz arrays;
  arrays["mu"] = {{3}, {1.5, -2, 1e300}, "", false};
  arrays["sigma"] = {{2, 3}, {1, 2, 3, 4, 5, 6}, "", false};
  arrays["count"] = {{}, {50000}, "", false};
  arrays["empty"] = {{0, 4}, {}, "", false};
  arrays["network"] = {{}, {}, "inception:clean:pool3", true};
  for (bool deflate : {false, true}) {
    WriteNpz(folder / "a.npz", arrays, deflate);
    const Npz read = ReadNpz(folder / "a.npz");
    ASSERT_EQ(read.size(), arrays.size());
    for (const auto& [name, array] : arrays) {
      EXPECT_EQ(read.at(name).shape, array.shape) << name;
      EXPECT_EQ(read.at(name).values, array.values) << name;
      EXPECT_EQ(read.at(name).text, array.text) << name;
      EXPECT_EQ(ReadNpzMember(folder / "a.npz", name)->values, array.values) << name;
    }
    EXPECT_FALSE(ReadNpzMember(folder / "a.npz", "of another name"));
  }
  arrays["sigma"].shape = {7};
  EXPECT_ERROR(WriteNpz(folder / "b.npz", arrays), "member \"sigma\": 6 values do not fill the shape");
  EXPECT_FALSE(std::filesystem::exists(folder / "b.npz"));
}

TEST(Npy, TypesAndOrders) {
  const auto values = [](const std::string& descr, const std::string& data) {
    return ParseNpy(Bytes(Npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (2,), }", data)), "test")
        .values;
  };
  using Values = std::vector<double>;
  EXPECT_EQ(values("<f4", std::string("\0\0\x80\x3f\0\0\0\xc0", 8)), (Values{1, -2}));
  EXPECT_EQ(values(">f4", std::string("\x3f\x80\0\0\xc0\0\0\0", 8)), (Values{1, -2}));
  EXPECT_EQ(values("<f2", std::string("\0\x3c\x01\0", 4)), (Values{1, 0x1p-24}));
  EXPECT_EQ(values("|i1", "\xff\x7f"), (Values{-1, 127}));
  EXPECT_EQ(values("|u1", "\xff\x7f"), (Values{255, 127}));
  EXPECT_EQ(values("<i2", std::string("\xff\xff\x01\0", 4)), (Values{-1, 1}));
  EXPECT_EQ(values("|b1", std::string("\0\x01", 2)), (Values{0, 1}));
  const std::string fortran =
      Npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", Doubles({1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(ParseNpy(Bytes(fortran), "test").values, (Values{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, RefusesWhatItCannotRead) {
  const auto parse = [](const std::string& header, const std::string& data) {
    ParseNpy(Bytes(Npy(header, data)), "a.npy");
  };
  EXPECT_ERROR(parse("{'descr': '|O', 'fortran_order': False, 'shape': (), }", "12345678"),
               "a.npy: values of type \"|O\" are not supported");
  EXPECT_ERROR(parse("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", std::string(16, 'x')),
               "\"<c16\" are not supported");
  EXPECT_ERROR(parse("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", "12345678"),
               "records are not supported");
  EXPECT_ERROR(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "12345678"),
               "2 values of 8 bytes do not fill 8 bytes");
  EXPECT_ERROR(parse("{'descr': '<f8', 'shape': (1,), }", "12345678"), "lacks");
  EXPECT_ERROR(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", ""),
               "shape is impossible");
  EXPECT_ERROR(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", ""),
               "cannot be read");
  EXPECT_ERROR(parse("import os", "12345678"), "cannot be read");
  EXPECT_ERROR(ParseNpy(Bytes("\x93NUMP"), "a.npy"), "not a .npy array");
  EXPECT_ERROR(ParseNpy(Bytes(std::string("\x93NUMPY\x01\x00\xff\xff", 10)), "a.npy"), "does not fit");
}

TEST(Npz, EveryTruncationAndEveryChangedByteIsNoticedOrHarmless) {
  const testing::TempDir folder;
  Npz arrays;
  arrays["mu"] = {{4}, {1, 2, 3, 4}, "", false};
  arrays["sigma"] = {{2, 2}, {1, 2, 3, 4}, "", false};
  for (bool deflate : {false, true}) {
    WriteNpz(folder / "a.npz", arrays, deflate);
    const std::string good = testing::ReadFile(folder / "a.npz");
    for (size_t size = 0; size < good.size(); ++size)
      EXPECT_THROW(ParseNpz(Bytes(good.substr(0, size)), "cut"), Error) << size;
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x40);
      try {
        const Npz read = ParseNpz(Bytes(bad), "changed");
        // Names, dates and versions may change; the numbers are guarded by their checksums.
        for (const auto& [name, array] : read) EXPECT_EQ(array.values, (std::vector<double>{1, 2, 3, 4})) << at;
      } catch (const Error&) {
      }
    }
  }
}

TEST(Npz, OfNumpy) {
  const std::filesystem::path python = testing::SourceDir() / ".env" / "bin" / "python";
  const testing::TempDir folder;
  testing::WriteFile(folder / "make.py",
                     "import numpy as np, sys\n"
                     "a = np.arange(6.0).reshape(2, 3)\n"
                     "for save, name in ((np.savez, 'stored'), (np.savez_compressed, 'deflated')):\n"
                     "    save(f'{sys.argv[1]}/{name}.npz', c=a, f=np.asfortranarray(a), s=np.float32(2.5), "
                     "i=np.array([-1, 7], '>i4'),\n"
                     "         t=np.array('caf\\u00e9'))\n");
  const std::string command =
      python.string() + " " + (folder / "make.py").string() + " " + folder.path().string() + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no numpy in " << python;
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const Npz arrays = ReadNpz(folder / name);
    EXPECT_EQ(arrays.at("c").values, (std::vector<double>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(arrays.at("f").values, arrays.at("c").values);
    EXPECT_EQ(arrays.at("f").shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(arrays.at("s").values, (std::vector<double>{2.5}));
    EXPECT_EQ(arrays.at("i").values, (std::vector<double>{-1, 7}));
    EXPECT_EQ(arrays.at("t").text, "caf\xc3\xa9");
  }
}

}  // namespace
}  // namespace skipbench
