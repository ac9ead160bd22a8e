#include "harness/base/options.h"

#include <gtest/gtest.h>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

enum class Colour { kRed, kBlue };
struct Inner {
  int samples = 1;
};
struct Options {
  double delta = 0.5;
  Colour colour = Colour::kRed;
  int64_t bytes = 1 << 20;
  std::optional<std::string> note;
  std::vector<int64_t> mask;
  std::vector<std::string> names;
  Inner inner{.samples = 0};
  Inner shared;
};

OptionTable<Options> Table() {
  OptionTable<Options> table(
      "toy", {Field("delta", &Options::delta).Min(0).Max(2).Help("how far"),
              Field("colour", &Options::colour)
                  .Names<Colour>({{"red", Colour::kRed}, {"blue", Colour::kBlue}})
                  .Help("of the toy"),
              Field("bytes", &Options::bytes).Size(/*plain_unit=*/1 << 20).Help("room"),
              Field("note", &Options::note)
                  .When([](const Options& o) { return o.colour == Colour::kBlue; }, "only blue ones have a note")
                  .Help("text"),
              Field("mask", &Options::mask).Min(0).Max(1).Help("bits"),
              Field("names", &Options::names).OneOf({"a", "b"}).OneOrMore().Help("letters"),
              Field("inner", &Options::inner,
                    OptionTable<Inner>("inner", {Field("samples", &Inner::samples).Min(0).Help("number")}))});
  table.Include(&Options::shared,
                OptionTable<Inner>("shared", {Field("samples", &Inner::samples).Supported({1, 2}).Help("number")}));
  table.Rule([](const Options& o) {
    if (o.delta == 1) FailOption("delta", "one is no distance");
  });
  return table;
}

Options Read(const std::string& text) {
  const Json json = ParseJson(text, "test");
  return Table().Read(JsonReader(json, "test.json", "toys[1]"));
}

TEST(Options, AreReadOverTheirDefaults) {
  const Options options = Read(
      R"({"colour": "blue", "note": "n", "bytes": "2GiB", "mask": [1, 0], "names": "b", "inner": {}, "delta": null})");
  EXPECT_EQ(options.delta, 0.5);
  EXPECT_EQ(options.colour, Colour::kBlue);
  EXPECT_EQ(options.note, "n");
  EXPECT_EQ(options.bytes, int64_t{2} << 30);
  EXPECT_EQ(options.mask, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(options.names, std::vector<std::string>{"b"});
  EXPECT_EQ(options.inner.samples, 1);  // an object that is given has its own defaults
  EXPECT_EQ(Read(R"({"bytes": 3})").bytes, 3 << 20);
  EXPECT_EQ(Table().Write(Read("{}")).dump(),
            R"({"bytes":"1MiB","colour":"red","delta":0.5,"inner":{"samples":0},"mask":[],"names":[],"samples":1})");
}

TEST(Options, BadOnesNameFilePlaceAndLimits) {
  EXPECT_ERROR(Read(R"({"delta": 3})"), "test.json: toys[1].delta: expected a number in [0, 2], found 3 (an integer)");
  EXPECT_ERROR(Read(R"({"delta": 1})"), "test.json: toys[1].delta: one is no distance");
  EXPECT_ERROR(Read(R"({"colour": "rde"})"),
               "toys[1].colour: expected one of red, blue, found \"rde\"; did you mean \"red\"?");
  EXPECT_ERROR(Read(R"({"note": "n"})"), "toys[1].note: only blue ones have a note");
  EXPECT_ERROR(Read(R"({"bytes": "2 parsec"})"), "toys[1].bytes: expected a size above 0 with a unit");
  EXPECT_ERROR(Read(R"({"mask": [0, 2]})"),
               "toys[1].mask: expected an integer in [0, 1], found 2 (an integer) in the list");
  EXPECT_ERROR(Read(R"({"names": ["a", "c"]})"), "toys[1].names: expected one of a, b, found \"c\"");
  EXPECT_ERROR(Read(R"({"inner": {"samples": -1}})"),
               "toys[1].inner.samples: expected an integer in [0, 2147483647], found -1");
  EXPECT_ERROR(Read(R"({"inner": {"sample": 1}})"),
               "toys[1].inner.sample: unknown key; known here: samples; did you mean \"samples\"?");
  EXPECT_ERROR(Read(R"({"dleta": 1})"),
               "toys[1].dleta: unknown key; known here: bytes, colour, delta, inner, mask, names, note, samples; did "
               "you mean \"delta\"?");
  EXPECT_THROW(Read(R"({"samples": 3})"), UnsupportedError);
  EXPECT_ERROR(Read(R"({"samples": 3})"), "toys[1].samples: 3 is not supported by toy; supported: 1, 2");
}

TEST(Options, LimitsHoldForStructsBuiltInCpp) {
  const auto validate = [](Options options) { Table().Validate(options); };
  validate({});
  validate({.inner = {.samples = 5}});
  EXPECT_ERROR(validate({.delta = 3}), "toy: delta: expected a number in [0, 2], found 3");
  EXPECT_ERROR(validate({.delta = 1}), "toy: delta: one is no distance");
  EXPECT_ERROR(validate({.colour = static_cast<Colour>(7)}), "toy: colour: expected");
  EXPECT_ERROR(validate({.note = "n"}), "toy: note: only blue ones have a note");
  EXPECT_ERROR(validate({.inner = {.samples = -1}}), "inner: samples: expected an integer");
  EXPECT_THROW(validate({.shared = {.samples = 3}}), UnsupportedError);
}

TEST(Options, AreListed) {
  std::string text;
  for (const auto& option : Table().List())
    text += fmt::format("{}: {} ({}). {}\n", option.name, option.Allowed(), option.fallback, option.help);
  EXPECT_EQ(text,
            "delta: number in [0, 2] (0.5). how far\n"
            "colour: red | blue (red). of the toy\n"
            "bytes: size, \"2GiB\", or a number of MiB (1MiB). room\n"
            "note: text (). text\n"
            "mask: list of integers in [0, 1] (). bits\n"
            "names: list of a | b, or one (). letters\n"
            "inner: object (). \n"
            "inner.samples: integer >= 0 (1). number\n"
            "samples: 1 | 2 (1). number\n");
}

}  // namespace
}  // namespace skipbench
