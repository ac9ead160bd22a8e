// .npz archives: written and read again, numpy's own, and broken ones.
#include "harness/io/files/npz.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <span>

#include "harness/base/error.h"
#include "tests/support/fixtures.h"
#include "tests/support/npy.h"

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

using Values = std::vector<double>;

TEST(Npz, WhatIsWrittenIsReadAgain) {
  const testing::TempDir folder;
  const Values mu = {1.5, -2, 1e300}, sigma = {1, 2, 3, 4, 5, 6}, count = {50000};
  const std::vector<float> features = {1.5f, -0.1f};
  const std::vector<std::string> names = {"a/1", "caf\xc3\xa9", ""};
  std::string first;
  for (bool deflate : {false, true, false}) {
    const auto path = folder / "a.npz";
    NpzWriter writer(path, deflate);
    writer.Add("mu", {3}, mu);
    writer.Add("sigma", {2, 3}, sigma);
    writer.Add("count", {}, count);
    writer.Add("empty", {0, 4}, Values());
    writer.Add("features", {2, 1}, features);
    writer.AddText("network", "inception:clean:pool3");
    writer.AddTexts("names", names);
    writer.Commit();
    const NpzFile file(path);
    EXPECT_EQ(file.Names(),
              (std::vector<std::string>{"mu", "sigma", "count", "empty", "features", "network", "names"}));
    EXPECT_EQ(file.Read("mu").values, mu);
    EXPECT_EQ(file.Read("sigma").shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(file.Read("sigma").values, sigma);
    EXPECT_EQ(file.Read("count").shape, std::vector<int64_t>{});
    EXPECT_EQ(file.Read("count").values, count);
    EXPECT_TRUE(file.Read("empty").values.empty());
    EXPECT_EQ(file.Open("features")->type(), "<f4");
    EXPECT_EQ(file.Open("features")->Values<float>(), features);
    EXPECT_EQ(file.Read("network").text(), "inception:clean:pool3");
    EXPECT_EQ(file.Read("names").texts, names);
    EXPECT_FALSE(file.Has("of another name"));
    EXPECT_ERROR(file.Read("of another name"), "a.npz: member \"of another name.npy\": is not there");
    if (deflate) continue;
    if (!first.empty()) {
      EXPECT_EQ(testing::ReadFile(path), first) << "the same arrays are the same bytes";
    }
    first = testing::ReadFile(path);
  }
  NpzWriter writer(folder / "b.npz");
  EXPECT_ERROR(writer.Add("sigma", {7}, sigma), "member \"sigma\": 6 values do not fill the shape");
  EXPECT_ERROR(writer.AddText("bad", "\xff"), "is no UTF-8");
  EXPECT_FALSE(std::filesystem::exists(folder / "b.npz"));
}

TEST(Npy, TypesAndOrders) {
  const auto values = [](const std::string& descr, const std::string& data) {
    return ParseNpy(Bytes(Npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (2,), }", data)), "test")
        .Values<double>();
  };
  EXPECT_EQ(values("<f4", std::string("\0\0\x80\x3f\0\0\0\xc0", 8)), (Values{1, -2}));
  EXPECT_EQ(values(">f4", std::string("\x3f\x80\0\0\xc0\0\0\0", 8)), (Values{1, -2}));
  EXPECT_EQ(values("<f2", std::string("\0\x3c\x01\0", 4)), (Values{1, 0x1p-24}));
  EXPECT_EQ(values("|i1", "\xff\x7f"), (Values{-1, 127}));
  EXPECT_EQ(values("|u1", "\xff\x7f"), (Values{255, 127}));
  EXPECT_EQ(values("<i2", std::string("\xff\xff\x01\0", 4)), (Values{-1, 1}));
  EXPECT_EQ(values("|b1", std::string("\0\x01", 2)), (Values{0, 1}));
  const std::string fortran =
      Npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", Doubles({1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(ParseNpy(Bytes(fortran), "test").Values<double>(), (Values{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, RefusesWhatItCannotRead) {
  const auto parse = [](const std::string& header, const std::string& data) {
    ParseNpy(Bytes(Npy(header, data)), "a.npy").All();
  };
  EXPECT_ERROR(parse("{'descr': '|O', 'fortran_order': False, 'shape': (), }", "12345678"),
               "a.npy: values of type \"|O\" are not supported");
  EXPECT_ERROR(parse("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", std::string(16, 'x')),
               "\"<c16\" are not supported");
  // What bfloat16 becomes.
  EXPECT_ERROR(parse("{'descr': '<V2', 'fortran_order': False, 'shape': (1,), }", "xx"),
               "a.npy: opaque bytes (\"<V2\"): numpy's name for types that are not its own, bfloat16");
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
  const Values values = {1, 2, 3, 4};
  for (bool deflate : {false, true}) {
    NpzWriter writer(folder / "a.npz", deflate);
    writer.Add("mu", {4}, values);
    writer.Add("sigma", {2, 2}, values);
    writer.Commit();
    const std::string good = testing::ReadFile(folder / "a.npz");
    const auto read = [](const std::string& bytes) {
      const NpzFile file(Bytes(bytes), "changed");
      for (const auto& name : file.Names()) EXPECT_EQ(file.Read(name).values, (Values{1, 2, 3, 4})) << name;
    };
    for (size_t size = 0; size < good.size(); ++size) EXPECT_THROW(read(good.substr(0, size)), Error) << size;
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x40);
      try {
        read(bad);  // names, dates and versions may change; the numbers are guarded by their checksums
      } catch (const Error&) {
      }
    }
  }
}

// An archive of members that are no arrays, or none that can be read: only those that are asked for are looked at.
TEST(Npz, MembersThatNobodyAsksForMayBeAnything) {
  const std::filesystem::path python = testing::SourceDir() / ".env" / "bin" / "python";
  const testing::TempDir folder;
  testing::WriteFile(
      folder / "make.py",
      "import numpy as np, sys, zipfile\n"
      "for save, name in ((np.savez, 'stored'), (np.savez_compressed, 'deflated')):\n"
      "    path = f'{sys.argv[1]}/{name}.npz'\n"
      "    save(path, mu=np.arange(3.0), o=np.array([{}, None], dtype=object), t=np.array(['a', 'bc']),\n"
      "         c=np.ones(2, complex), r=np.zeros(2, [('a', '<f8'), ('b', '<i4', (2,))]))\n"
      "    with zipfile.ZipFile(path, 'a') as z:\n"
      "        z.writestr('notes.txt', b'no array'); z.writestr('broken.npy', b'\\x93NUMPY')\n"
      "        z.writestr('twice.npy', b'x'); z.writestr('twice.npy', b'y')\n"
      "        z.writestr('bz.npy', b'x' * 99, zipfile.ZIP_BZIP2)\n"
      "big = zipfile.ZipFile(f'{sys.argv[1]}/zip64.npz', 'w')\n"
      "with big.open('mu.npy', 'w', force_zip64=True) as f: np.save(f, np.arange(3.0))\n"
      "big.close()\n");
  const std::string command =
      python.string() + " -W ignore " + (folder / "make.py").string() + " " + folder.path().string() + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no numpy in " << python;
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const NpzFile file(folder / name);
    EXPECT_EQ(file.Read("mu").values, (Values{0, 1, 2}));
    EXPECT_EQ(file.Read("t").texts, (std::vector<std::string>{"a", "bc"}));
    EXPECT_ERROR(file.Read("o"), "member \"o.npy\": values of type \"|O\" are not supported");
    EXPECT_ERROR(file.Read("c"), "\"<c16\" are not supported");
    EXPECT_ERROR(file.Read("r"), "records are not supported");
    EXPECT_ERROR(file.Read("broken"), "member \"broken.npy\": not a .npy array");
    EXPECT_ERROR(file.Read("twice"), "is there twice");
    EXPECT_ERROR(file.Read("bz"), "compression method 12 is not supported");
    EXPECT_FALSE(file.Has("notes.txt"));
  }
  EXPECT_EQ(NpzFile(folder / "zip64.npz").Read("mu").values, (Values{0, 1, 2}));
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
    const NpzFile file(folder / name);
    EXPECT_EQ(file.Read("c").values, (Values{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(file.Read("f").values, file.Read("c").values);
    EXPECT_EQ(file.Read("f").shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(file.Read("s").values, (Values{2.5}));
    EXPECT_EQ(file.Read("i").values, (Values{-1, 7}));
    EXPECT_EQ(file.Read("t").text(), "caf\xc3\xa9");
  }
}

}  // namespace
}  // namespace skipbench
