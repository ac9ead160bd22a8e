#include "harness/report/figures/contact_sheet.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/analysis/recorded_actions.h"
#include "harness/base/error.h"
#include "harness/io/pictures/png.h"
#include "harness/report/figures/drawing.h"

namespace skipbench {
namespace {

constexpr Color kWhite = {255, 255, 255}, kBlack = {0, 0, 0}, kGrey = {110, 110, 110}, kPale = {235, 235, 235};
constexpr int kWantedSide = 160;    // pictures smaller than this are enlarged
constexpr int kWidestCell = 480;    // but not to more than this
constexpr int kFrameGap = 1;        // between the frames of a clip
constexpr int kCaptionWidth = 150;  // of a row's caption, as all that follows where the text is not enlarged
constexpr int kLetterSize = 11;
constexpr int kHeadingHeight = 80;  // at most
constexpr int kNoteHeight = 15;     // of a picture's note: one line, in every script

// Sizes in pixels that the whole sheet shares.
struct Geometry {
  int picture_scale = 1, text_scale = 1;
  int cell_width = 0, picture_height = 0, note_height = 0;
  int left = 0, top = 0, margin = 0;

  int CellHeight() const { return picture_height + note_height; }
  int X(size_t column) const { return left + margin + static_cast<int>(column) * (cell_width + margin); }
  int Y(size_t row) const { return top + margin + static_cast<int>(row) * (CellHeight() + margin); }
  TextBox Heading() const { return {cell_width, kHeadingHeight * text_scale}; }
};

// All but the height of the headings, which depends on the font.
Geometry Measure(const ContactSheet& sheet) {
  int width = 0, height = 0;
  for (const auto& cell : sheet.cells) {
    width = std::max(width, cell.picture.width);
    height = std::max(height, cell.picture.height);
  }
  if (width == 0) width = height = 64;  // nothing but notes
  Geometry geometry;
  const int side = std::min(width, height);
  geometry.picture_scale = std::max(1, std::min((kWantedSide + side - 1) / side, kWidestCell / width));
  geometry.cell_width = width * geometry.picture_scale;
  geometry.picture_height = height * geometry.picture_scale;
  geometry.text_scale = std::max(1, geometry.cell_width / 256);
  geometry.margin = 8 * geometry.text_scale;
  geometry.note_height = kNoteHeight * geometry.text_scale;
  const bool captions =
      std::any_of(sheet.rows.begin(), sheet.rows.end(), [](const auto& text) { return !text.empty(); });
  geometry.left = captions ? geometry.margin + kCaptionWidth * geometry.text_scale : 0;
  return geometry;
}

void DrawCell(Image& canvas, int x, int y, const ContactSheet::Cell& cell, const Geometry& geometry,
              TextPainter& painter) {
  if (cell.picture.width == 0) {
    FillRectangle(canvas, x, y, geometry.cell_width, geometry.picture_height, kPale);
    const TextBox box = {geometry.cell_width - 2 * geometry.margin, geometry.picture_height - 2 * geometry.margin};
    painter.Draw(canvas, x + geometry.margin, y + geometry.margin, cell.note, box, kGrey);
    return;
  }
  DrawImage(canvas, x, y, cell.picture, geometry.picture_scale);
  painter.Draw(canvas, x, y + geometry.picture_height, cell.note, {geometry.cell_width, geometry.note_height}, kGrey);
}

// A sample's picture out of images [1, (F,) H, W, 3]; of a clip the frames of ShownFrames() side by side.
Image PictureOf(const Array<uint8_t>& images) {
  const size_t rank = images.shape.size();
  const std::vector<int64_t> frames = rank == 5 ? ShownFrames(images.shape[1]) : std::vector<int64_t>{0};
  const int width = static_cast<int>(images.shape[rank - 2]), gap = frames.size() > 1 ? kFrameGap : 0;
  Image strip;
  strip.height = static_cast<int>(images.shape[rank - 3]);
  strip.width = static_cast<int>(frames.size()) * (width + gap) - gap;
  strip.pixels.assign(static_cast<size_t>(hdf5::Elements({strip.height, strip.width, 3})), 255);
  for (size_t k = 0; k < frames.size(); ++k)
    for (int64_t y = 0; y < strip.height; ++y)
      std::copy_n(images.values.begin() + (frames[k] * strip.height + y) * width * 3, width * 3,
                  strip.pixels.begin() + (y * strip.width + static_cast<int64_t>(k) * (width + gap)) * 3);
  return strip;
}

std::string NoteOf(const ResultReader& result, size_t setting, int64_t sample) {
  std::string note =
      fmt::format("NFE {}", EvaluationsOf(result, setting, kActionPredict).at(static_cast<size_t>(sample)));
  const auto metrics = result.Metrics(setting);
  const auto psnr =
      std::find_if(metrics.begin(), metrics.end(), [](const MetricInfo& metric) { return metric.unit == "dB"; });
  if (psnr == metrics.end() || result.header().settings[setting].reference) return note;
  const double value = result.ReadSamples<double>(setting, psnr->name, sample, 1).values[0];
  if (std::isinf(value)) return note + "  identical";
  return std::isnan(value) ? note : note + fmt::format("  {:.1f} {}", value, psnr->unit);
}

ContactSheet::Cell CellOf(const ResultReader& result, size_t setting, int64_t sample) {
  const auto status = static_cast<Status>(result.ReadSamples<double>(setting, "status", sample, 1).values[0]);
  if (status == Status::kDone)
    return {PictureOf(result.ReadSamples<uint8_t>(setting, "images", sample, 1)), NoteOf(result, setting, sample)};
  const std::string message = result.ReadSamples<std::string>(setting, "message", sample, 1).values[0];
  if (status == Status::kNotRun) return {{}, "not run: answered before"};
  return {{}, (status == Status::kFailed ? "failed: " : "not supported: ") + message};
}

// Which frames of the clips are shown: " (frames 3, 6, 8 of 8)".
std::string FramesNote(const ResultReader& result) {
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    if (!result.FindColumn(k, "images")) continue;
    const std::vector<int64_t> shape = result.ReadSamples<uint8_t>(k, "images", 0, 1).shape;
    if (shape.size() != 5) return "";
    std::vector<int64_t> shown = ShownFrames(shape[1]);
    for (int64_t& frame : shown) ++frame;
    return fmt::format(" (frames {} of {})", fmt::join(shown, ", "), shape[1]);
  }
  return "";
}

std::string CaptionOf(const SampleInfo& sample) {
  if (!sample.caption.empty()) return sample.caption;
  return sample.label >= 0 ? fmt::format("class {}", sample.label) : fmt::format("sample {}", sample.id);
}

}  // namespace

std::vector<int64_t> ShownFrames(int64_t frames) {
  std::vector<int64_t> shown;
  for (int64_t wanted : {6, 11, 16}) {
    const int64_t frame = std::max<int64_t>((wanted * frames + 8) / 16, 1) - 1;
    if (shown.empty() || frame > shown.back()) shown.push_back(frame);
  }
  return shown;
}

DrawnSheet Assemble(const ContactSheet& sheet) {
  if (sheet.rows.empty() || sheet.columns.empty() || sheet.cells.size() != sheet.rows.size() * sheet.columns.size())
    Fail("a contact sheet of {} rows and {} columns with {} pictures", sheet.rows.size(), sheet.columns.size(),
         sheet.cells.size());
  Geometry geometry = Measure(sheet);
  TextPainter painter(kLetterSize * geometry.text_scale);
  int headings = 0;
  for (const auto& column : sheet.columns) headings = std::max(headings, painter.Height(column, geometry.Heading()));
  geometry.top = geometry.margin + headings;
  Image canvas = Canvas(geometry.X(sheet.columns.size()), geometry.Y(sheet.rows.size()), kWhite);
  for (size_t c = 0; c < sheet.columns.size(); ++c) {
    const int y = geometry.top - painter.Height(sheet.columns[c], geometry.Heading()) + geometry.margin / 2;
    painter.Draw(canvas, geometry.X(c), y, sheet.columns[c], geometry.Heading(), kBlack);
  }
  for (size_t r = 0; r < sheet.rows.size(); ++r) {
    painter.Draw(canvas, geometry.margin, geometry.Y(r), sheet.rows[r],
                 {geometry.left - geometry.margin, geometry.CellHeight()}, kBlack);
    for (size_t c = 0; c < sheet.columns.size(); ++c)
      DrawCell(canvas, geometry.X(c), geometry.Y(r), sheet.cells[r * sheet.columns.size() + c], geometry, painter);
  }
  return {std::move(canvas), DescribeMissing(painter.missing())};
}

ContactSheet SheetOf(const ResultReader& result, int rows) {
  const auto& settings = result.header().settings;
  ContactSheet sheet;
  const size_t count = std::min(result.samples().size(), static_cast<size_t>(std::max(rows, 0)));
  for (size_t k = 0; k < settings.size(); ++k)
    if (result.FindColumn(k, "images")) sheet.columns.push_back(settings[k].label);
  if (sheet.columns.empty() || count == 0)
    Fail("the result {} has no pictures to show: its config lacks \"images\" in \"save\"", result.header().name);
  for (size_t s = 0; s < count; ++s) {
    sheet.rows.push_back(CaptionOf(result.samples()[s]) + FramesNote(result));
    for (size_t k = 0; k < settings.size(); ++k)
      if (result.FindColumn(k, "images")) sheet.cells.push_back(CellOf(result, k, static_cast<int64_t>(s)));
  }
  return sheet;
}

std::string WriteContactSheet(const ResultReader& result, int rows, const std::filesystem::path& path) {
  const DrawnSheet drawn = Assemble(SheetOf(result, rows));
  WritePng(path, drawn.image);
  return drawn.missing;
}

}  // namespace skipbench
