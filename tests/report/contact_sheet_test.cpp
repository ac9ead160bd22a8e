#include "harness/report/figures/contact_sheet.h"

#include <gtest/gtest.h>

#include "harness/io/pictures/image.h"
#include "harness/report/figures/drawing.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using testing::TempDir;

Color At(const Image& image, int x, int y) {
  const uint8_t* p =
      image.pixels.data() + (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x)) * 3;
  return {p[0], p[1], p[2]};
}

TEST(Drawing, StaysOnTheCanvas) {
  Image canvas = Canvas(10, 10, {255, 255, 255});
  FillRectangle(canvas, -5, -5, 8, 8, {1, 2, 3});
  FillRectangle(canvas, 8, 8, 100, 100, {4, 5, 6});
  EXPECT_EQ(At(canvas, 2, 2), (Color{1, 2, 3}));
  EXPECT_EQ(At(canvas, 3, 2), (Color{255, 255, 255}));
  EXPECT_EQ(canvas.pixels.size(), 300u);
  EXPECT_ERROR(Canvas(1 << 20, 1 << 20, {0, 0, 0}), "cannot be drawn");
}

// Pixels darker than the white ground.
int Ink(const Image& image) {
  int count = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) count += image.pixels[i] < 128;
  return count;
}

TEST(TextPainter, WrapsWhereItCanAndCutsWhatDoesNotFit) {
  TextPainter painter(12);
  const int line = painter.Height("one", {.width = 400});
  EXPECT_GE(line, 12);
  EXPECT_LE(line, 24);
  EXPECT_EQ(painter.Height("", {.width = 400}), 0);
  EXPECT_GE(painter.Height("a red sneaker and a blue bag", {.width = 90}), 2 * line);
  EXPECT_GE(painter.Height("adaptive_diffusion(delta=0.01,max_skips=4)", {.width = 130}), 2 * line);
  EXPECT_GE(painter.Height("abcdefghijklmnopqrstuvwxyz", {.width = 40}), 3 * line);  // inside of a word
  EXPECT_EQ(painter.Height("one two three four five six", {.width = 40, .height = 2 * line}), 2 * line);
  EXPECT_EQ(painter.Height("one two three four five six", {.width = 40, .height = 1}),
            line);  // one line there always is
  EXPECT_EQ(painter.Height("one\ntwo", {.width = 400}), line);
}

TEST(TextPainter, DrawsEveryScriptAndNamesWhatHasNoFont) {
  EXPECT_EQ(MissingScripts(), "") << "scripts/setup installs the fonts";
  // A letter of each: drawn, and as itself, not as the box of a missing one.
  for (const char* letter : {"A", "\u0416", "\u03a9", "\u0639", "\u0928", "\u6f22", "\u304b", "\ud55c"}) {
    TextPainter painter(24);
    Image canvas = Canvas(40, 40, {255, 255, 255});
    painter.Draw(canvas, 2, 2, letter, {.width = 36}, {0, 0, 0});
    EXPECT_GT(Ink(canvas), 20) << letter;
    EXPECT_TRUE(painter.missing().empty()) << letter;
  }
  TextPainter painter(12);
  Image canvas = Canvas(40, 20, {255, 255, 255});
  painter.Draw(canvas, 2, 2, "\U000f0000", {.width = 36}, {0, 0, 0});  // of a private use area
  EXPECT_GT(Ink(canvas), 0);
  EXPECT_EQ(painter.missing(), std::set<char32_t>{U'\U000f0000'});
  EXPECT_EQ(
      DescribeMissing({U'\u0e07', U'\u0e17', U'\u0928'}),
      "no font for Devanagari (as U+0928; Debian's fonts-lohit-deva), Thai (as U+0E07; Debian's fonts-noto-core)");
}

TEST(TextPainter, StaysOnTheCanvas) {
  TextPainter painter(24);
  for (const auto& [x, y] : {std::pair(-12, -12), {5, 5}, {300, 3}, {3, -300}}) {
    Image canvas = Canvas(20, 20, {255, 255, 255});
    painter.Draw(canvas, x, y, "W\u0416", {.width = 100}, {0, 0, 0});
    EXPECT_EQ(Ink(canvas) > 0, x < 20 && y > -20) << x << " " << y;
  }
}

TEST(ContactSheet, PicturesStandInTheirPlaces) {
  ContactSheet sheet;
  sheet.columns = {"full_step", "adaptive_diffusion(delta=0.01,max_skips=4,scope=sample)"};
  sheet.rows = {"a red sneaker and a blue bag", "one", ""};
  for (uint8_t i = 0; i < 6; ++i) {
    Image picture = Canvas(64, 64, {static_cast<uint8_t>(40 * i), 100, 200});
    sheet.cells.push_back({picture, "NFE 50"});
  }
  sheet.cells[3] = {{}, "failed: a latent is not finite"};
  const Image image = Assemble(sheet).image;
  ASSERT_EQ(image.channels, 3);
  ASSERT_EQ(image.pixels.size(), static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  // 64 pixels become 192; every picture's colour covers exactly that square.
  std::map<Color, int> areas;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    ++areas[{image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]}];
  for (uint8_t i = 0; i < 6; ++i)
    EXPECT_EQ((areas[{static_cast<uint8_t>(40 * i), 100, 200}]), i == 3 ? 0 : 192 * 192) << int(i);
  EXPECT_GT((areas[{0, 0, 0}]), 20);        // headings and captions, but for their soft edges
  EXPECT_GT((areas[{110, 110, 110}]), 20);  // notes
}

TEST(ContactSheet, RefusesWhatItCannotShow) {
  EXPECT_ERROR(Assemble({}), "0 rows");
  ContactSheet sheet;
  sheet.columns = {"a"};
  sheet.rows = {"b"};
  EXPECT_ERROR(Assemble(sheet), "with 0 pictures");
}

TEST(ContactSheet, ComesFromAResult) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "none", header, false);
    writer.Commit(ExampleWave(header, 0, 2));
    EXPECT_ERROR(WriteContactSheet(ResultReader::Open(dir / "none"), 4, dir / "sheet.png"), "has no pictures to show");
  }
  Wave wave = ExampleWave(header, 0, 4, true);
  wave.settings[2].status[1] = Status::kFailed;
  wave.settings[2].message[1] = "no memory";
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Commit(ExampleWave(header, 4, 2, true));
  const ResultReader reader = ResultReader::Open(dir / "run");
  const ContactSheet sheet = SheetOf(reader, 5);
  ASSERT_EQ(sheet.rows.size(), 5u);
  ASSERT_EQ(sheet.cells.size(), 15u);
  EXPECT_EQ(sheet.columns[1], "adaptive(delta=0.1)");
  EXPECT_EQ(sheet.cells[0].picture.width, 4);
  EXPECT_EQ(sheet.cells[0].note, "NFE 4");
  EXPECT_EQ(sheet.cells[4 * 3 + 1].picture.pixels[0], static_cast<uint8_t>(4 * 48));
  EXPECT_EQ(sheet.cells[1].note.substr(0, 7), "NFE 3  ");
  EXPECT_EQ(sheet.cells[5].picture.width, 0);
  EXPECT_EQ(sheet.cells[5].note, "failed: no memory");
  EXPECT_EQ(SheetOf(reader, 100).rows.size(), 6u);
  EXPECT_EQ(WriteContactSheet(reader, 2, dir / "sheet.png"), "");
  EXPECT_GT(ReadImage(dir / "sheet.png").width, 300);
}

}  // namespace
}  // namespace skipbench
