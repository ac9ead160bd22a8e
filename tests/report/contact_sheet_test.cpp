#include "harness/report/contact_sheet.h"

#include <gtest/gtest.h>

#include "harness/io/png.h"
#include "harness/report/drawing.h"
#include "harness/report/font.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using testing::TempDir;

Color At(const Image& image, int x, int y) {
  const uint8_t* p = image.pixels.data() + (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x)) * 3;
  return {p[0], p[1], p[2]};
}

TEST(Drawing, TextIsWrappedWhereItCan) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(WrapText("a red sneaker and a blue bag", 12, 9), (Lines{"a red", "sneaker and", "a blue bag"}));
  EXPECT_EQ(WrapText("adaptive_diffusion(delta=0.01,max_skips=4)", 20, 9),
            (Lines{"adaptive_diffusion(", "delta=0.01,max_", "skips=4)"}));
  EXPECT_EQ(WrapText("abcdefghijkl", 5, 9), (Lines{"abcde", "fghij", "kl"}));
  EXPECT_EQ(WrapText("one two three four", 5, 2), (Lines{"one", "tw..."}));
  EXPECT_EQ(WrapText("", 5, 2), Lines{});
  EXPECT_EQ(WrapText("äöü äöü", 3, 9), (Lines{"äöü", "äöü"}));   // by characters, not bytes
  EXPECT_EQ(WrapText("\xff\xff\xff\xff", 3, 9).size(), 2u);
}

TEST(Drawing, StaysOnTheCanvas) {
  Image canvas = Canvas(10, 10, {255, 255, 255});
  FillRectangle(canvas, -5, -5, 8, 8, {1, 2, 3});
  FillRectangle(canvas, 8, 8, 100, 100, {4, 5, 6});
  DrawText(canvas, -3, 6, "Äg|", 2, {0, 0, 0});
  EXPECT_EQ(At(canvas, 2, 2), (Color{1, 2, 3}));
  EXPECT_EQ(At(canvas, 3, 2), (Color{255, 255, 255}));
  EXPECT_EQ(canvas.pixels.size(), 300u);
  EXPECT_ERROR(Canvas(1 << 20, 1 << 20, {0, 0, 0}), "cannot be drawn");
}

TEST(Drawing, EveryPrintableCharacterHasItsOwnShape) {
  std::set<Glyph> shapes;
  for (char32_t c = U' '; c <= U'~'; ++c) shapes.insert(GlyphOf(c));
  EXPECT_EQ(shapes.size(), 95u);
  EXPECT_FALSE(shapes.contains(GlyphOf(U'\u00e9')));
  EXPECT_EQ(GlyphOf(U'\u00e9'), GlyphOf(U'\u0001'));
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
  const Image image = Assemble(sheet);
  ASSERT_EQ(image.channels, 3);
  ASSERT_EQ(image.pixels.size(), static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  // 64 pixels become 192; every picture's colour covers exactly that square.
  std::map<Color, int> areas;
  for (size_t i = 0; i < image.pixels.size(); i += 3) ++areas[{image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]}];
  for (uint8_t i = 0; i < 6; ++i)
    EXPECT_EQ((areas[{static_cast<uint8_t>(40 * i), 100, 200}]), i == 3 ? 0 : 192 * 192) << int(i);
  EXPECT_GT((areas[{0, 0, 0}]), 100);        // headings and captions
  EXPECT_GT((areas[{110, 110, 110}]), 100);  // notes
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
  WriteContactSheet(reader, 2, dir / "sheet.png");
  EXPECT_GT(ReadPng(dir / "sheet.png").width, 300);
}

}  // namespace
}  // namespace skipbench
