// NaN, Infinity and -Infinity, as Python's json module writes them.
#include "harness/base/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(JsonNumbers, WordsBecomeNumbersWhereverAValueStands) {
  const Json json = ParseJson(
      "\xEF\xBB\xBF{ // NaN \"\n \"lambda\" : -Infinity,\"list\":[NaN,Infinity , [ -Infinity ] ,1e3,null,true],/* "
      "Infinity */\"b\":{\"c\":NaN}}",
      "test");
  EXPECT_EQ(json["lambda"].get<double>(), -kInfinity);
  EXPECT_TRUE(std::isnan(json["list"][0].get<double>()));
  EXPECT_EQ(json["list"][1].get<double>(), kInfinity);
  EXPECT_EQ(json["list"][2][0].get<double>(), -kInfinity);
  EXPECT_EQ(json["list"][3].get<double>(), 1000);
  EXPECT_TRUE(json["list"][4].is_null());
  EXPECT_TRUE(std::isnan(json["b"]["c"].get<double>()));
  EXPECT_EQ(ParseJson("Infinity", "test").get<double>(), kInfinity);
}

TEST(JsonNumbers, StringsAndKeysAreLeftAlone) {
  const Json json = ParseJson(R"({"NaN": "Infinity", "a\"": "\\", "b": ", NaN", "-Infinity": ["NaN", NaN]})", "test");
  EXPECT_EQ(json["NaN"], "Infinity");
  EXPECT_EQ(json["a\""], "\\");
  EXPECT_EQ(json["b"], ", NaN");
  EXPECT_EQ(json["-Infinity"][0], "NaN");
  EXPECT_TRUE(std::isnan(json["-Infinity"][1].get<double>()));
}

TEST(JsonNumbers, OtherSpellingsStayErrorsAtTheirPlace) {
  for (const char* word : {"nan", "+Infinity", "-NaN", "Infinity1", "NaNNaN", "infinity", "- Infinity", "NaN 1"})
    EXPECT_ERROR(ParseJson(fmt::format("{{\"a\": Infinity, \"b\": {}}}", word), "test"),
                 "test: not valid JSON: parse error at line 1, column ");
  // The place is the one in the text as it is: behind the word.
  EXPECT_ERROR(ParseJson("{\"a\": -Infinity x}", "test"), "line 1, column 17");
  EXPECT_ERROR(ParseJson("{\"NaN\": NaN, \"NaN\": 1}", "test"), "given twice");
  EXPECT_ERROR(ParseJson("{NaN: 1}", "test"), "not valid JSON");
  EXPECT_ERROR(ParseJson("{\"a\": \"NaN", "test"), "not valid JSON");
}

TEST(JsonNumbers, ReadersOfNumbersRefuseThemByName) {
  const Json json =
      ParseJson(R"({"guidance": NaN, "betas": [0.1, Infinity], "steps": Infinity, "low": -Infinity})", "test.json");
  const JsonReader reader(json, "test.json");
  EXPECT_ERROR(reader.Double("guidance"), "test.json: guidance: expected a number, found NaN (a number)");
  EXPECT_ERROR(reader.Double("low", 0, 1), "low: expected a number in [0, 1], found -Infinity (a number)");
  EXPECT_ERROR(reader.Doubles("betas"), "betas: expected a list of numbers, found Infinity (a number) in it");
  EXPECT_ERROR(reader.Int("steps", 1, 1000), "steps: expected an integer in [1, 1000], found Infinity (a number)");
}

TEST(JsonNumbers, WrittenAsStrings) {
  const Json json = ParseJson(R"({"a": [NaN, 1.5], "b": {"c": -Infinity}, "d": "NaN"})", "test");
  EXPECT_EQ(WithNamedNumbers(json).dump(), R"({"a":["NaN",1.5],"b":{"c":"-Infinity"},"d":"NaN"})");
}

}  // namespace
}  // namespace skipbench
