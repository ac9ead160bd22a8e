#include "harness/base/text.h"

#include <gtest/gtest.h>

#include "harness/base/format.h"
#include "harness/base/paths.h"

namespace skipbench {
namespace {

TEST(Text, CodePointsAndBack) {
  const std::string text = "a\u00e9\u0416\u0928\u6f22\U0001f600";
  EXPECT_EQ(DecodeUtf8(text), U"a\u00e9\u0416\u0928\u6f22\U0001f600");
  EXPECT_EQ(EncodeUtf8(DecodeUtf8(text)), text);
  EXPECT_EQ(DecodeUtf8(""), U"");
}

// One U+FFFD for each maximal subpart, as bytes.decode(errors="replace") of Python has it.
TEST(Text, IllFormedPartsAreReplaced) {
  EXPECT_EQ(CleanText("sch\u00f6n"), "sch\u00f6n");
  EXPECT_EQ(CleanText(std::string("a\0b", 3)), "a\ufffdb");
  EXPECT_EQ(CleanText("a\xc3"), "a\ufffd");
  EXPECT_EQ(CleanText("\xe2\x82x"), "\ufffdx");                          // a truncated sequence is one part
  EXPECT_EQ(CleanText("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");            // a surrogate
  EXPECT_EQ(CleanText("\xc0\x80"), "\ufffd\ufffd");                      // an overlong zero
  EXPECT_EQ(CleanText("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd");  // beyond U+10FFFF
}

TEST(Text, WhatKeepsATextFromBeingStored) {
  EXPECT_EQ(WhyNotText("sch\u00f6n"), "");
  EXPECT_EQ(WhyNotText(std::string("abc\0d", 5)), "a zero byte at place 3");
  EXPECT_EQ(WhyNotText("caf\xe9 au lait"), "the byte 0xE9 at place 3 is not valid UTF-8");
  EXPECT_EQ(FindBadText("\ufffd"), std::string_view::npos);
}

TEST(Text, InMessages) {
  EXPECT_EQ(Printable("a\x1b[0m\n"), "a?[0m?");
  EXPECT_EQ(Printable(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(Printable(std::string(201, 'a')), std::string(200, 'a') + "...");
  EXPECT_EQ(Printable(std::string(199, 'a') + "\u00e9b"), std::string(199, 'a') + "...");  // not inside of a character
}

TEST(Format, NumbersAsPeopleReadThem) {
  EXPECT_EQ(Significant(0), "0");
  EXPECT_EQ(Significant(0.021349), "0.0213");
  EXPECT_EQ(Significant(31.25), "31.2");
  EXPECT_EQ(Significant(-1234.5), "-1234");
  EXPECT_EQ(Significant(1.2345e12), "1.23e+12");
  EXPECT_EQ(Significant(1.2345e-6, 2), "1.2e-06");
  EXPECT_EQ(Significant(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(Significant(std::numeric_limits<double>::infinity()), "infinite");
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1234567), "1,234,567");
  EXPECT_EQ(Thousands(-123456), "-123,456");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(3.126 * 1048576), "3.126 MiB");
}

TEST(Paths, Lists) {
  EXPECT_EQ(SplitPaths("/a:b c::d/"), (std::vector<std::filesystem::path>{"/a", "b c", "d/"}));
  EXPECT_TRUE(SplitPaths("").empty());
  EXPECT_TRUE(PathsOfEnvironment("SKIPBENCH_NO_SUCH_VARIABLE").empty());
}

}  // namespace
}  // namespace skipbench
