#include "harness/report/page/report.h"
#include "harness/report/figures/cost_figures.h"
#include "harness/report/figures/overview_figure.h"
#include "harness/report/figures/path_figures.h"
#include "harness/report/figures/study_figures.h"
#include "harness/report/figures/trace_figures.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/pictures/png.h"
#include "harness/report/figures/contact_sheet.h"
#include "harness/report/figures/gnuplot.h"
#include "harness/report/page/page.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPage = "index.html";
// Stands in a folder while a report is being written to it, and after that was cut short.
constexpr const char* kUnfinished = ".skipbench-report-unfinished";

bool IsReport(const fs::path& page) {
  std::ifstream file(page, std::ios::binary);
  std::string head(512, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.find(fmt::format("name=\"generator\" content=\"{}\"", kGenerator)) != std::string::npos;
}

// Makes the folder, and takes away an earlier report.
void Prepare(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    Fail("{}: the report needs a folder; this is a file", folder.string());
  fs::create_directories(folder, error);
  if (error) Fail("{}: the folder cannot be made: {}", folder.string(), error.message());
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    Fail("{}: cannot be written to: {}", folder.string(), std::strerror(errno));
  const bool earlier = IsReport(folder / kPage) || fs::exists(folder / kUnfinished);
  // Killed before anything else was there, the marker may be all there is, under its temporary name.
  RemoveTemporaries(folder, /*below=*/false);
  if (!earlier && !fs::is_empty(folder))
    Fail("{}: is neither empty nor an earlier report; another --out is needed", folder.string());
  WriteFileAtomically(folder / kUnfinished, "");
  if (!earlier) return;
  // The page goes first and comes last: a folder with a page is a whole report.
  for (const char* name : {kPage, "table.md", "table.tex", "table.csv", "table.json", "figures", "pictures"}) {
    fs::remove_all(folder / name, error);
    if (error) Fail("{}: the earlier report cannot be removed: {}", (folder / name).string(), error.message());
  }
}

// At most `side` pixels high and wide: each new pixel is the mean of the ones it covers.
Image Shrunk(const Image& image, int side) {
  const int factor = (std::max(image.width, image.height) + side - 1) / side;
  if (factor <= 1) return image;
  Image small{image.width / factor, image.height / factor, 3, {}};
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width * 3; ++x) {
      int sum = 0;  // of channel x % 3
      for (int dy = 0; dy < factor; ++dy)
        for (int dx = 0; dx < factor; ++dx)
          sum += image.pixels[(static_cast<size_t>(y * factor + dy) * static_cast<size_t>(image.width) +
                               static_cast<size_t>(x / 3 * factor + dx)) *
                                  3 +
                              static_cast<size_t>(x % 3)];
      small.pixels.push_back(static_cast<uint8_t>((sum + factor * factor / 2) / (factor * factor)));
    }
  return small;
}

// The column that the slider begins with: the best method within half the cost.
int FirstColumn(const ReportData& data, int reference, const std::vector<size_t>& settings) {
  for (const auto& group : data.table.verdict.groups)
    for (const auto& budget : group.budgets)
      if (group.reference == reference && budget.budget == 0.5 && budget.method) {
        const auto found = std::ranges::find(settings, group.settings[*budget.method].setting);
        return found == settings.end() ? -1 : static_cast<int>(found - settings.begin());
      }
  return -1;
}

void AddPictures(const ReportData& data, int rows, const fs::path& folder, PageContent& content) {
  std::vector<size_t> settings;  // that have pictures; SheetOf shows these
  for (size_t k = 0; k < data.table.rows.size(); ++k)
    if (data.result.FindColumn(k, "images")) settings.push_back(k);
  if (rows == 0) return;
  if (settings.empty() || data.result.samples().empty()) {
    content.no_pictures = "Pictures: the result has none; \"images\" in \"save\" of the config keeps them.";
    return;
  }
  const ContactSheet sheet = SheetOf(data.result, rows);
  const DrawnSheet drawn = Assemble(sheet);
  WritePng(folder / "pictures" / "contact_sheet.png", drawn.image);
  content.missing_fonts = drawn.missing;
  for (const auto& group : data.groups) {
    PictureGrid grid;
    grid.title = group.title;
    grid.rows = sheet.rows;
    std::vector<size_t> columns, shown;
    for (const auto& setting : group.settings) {
      const auto found = std::find(settings.begin(), settings.end(), setting.index);
      if (found == settings.end()) continue;
      columns.push_back(static_cast<size_t>(found - settings.begin()));
      grid.columns.push_back(setting.name);
      shown.push_back(setting.index);
    }
    grid.first = FirstColumn(data, group.reference, shown);
    for (size_t r = 0; r < sheet.rows.size(); ++r)
      for (size_t c = 0; c < columns.size(); ++c) {
        const auto& from = sheet.cells[r * sheet.columns.size() + columns[c]];
        auto& cell = grid.cells.emplace_back();
        cell.note = from.note;
        cell.alt = grid.columns[c] + ": " + OneLine(sheet.rows[r]);
        if (from.picture.width == 0) continue;
        const Image small = Shrunk(from.picture, 256);
        const auto file_of = [&](size_t setting) {
          return fmt::format("pictures/{}_{}.png", data.result.samples()[r].ordinal, setting);
        };
        cell.file = file_of(settings[columns[c]]);
        if (const auto full = std::ranges::find(shown, static_cast<size_t>(group.reference));
            group.reference >= 0 && full != shown.end() && shown[c] != *full) {
          const auto column = columns[static_cast<size_t>(full - shown.begin())];
          if (sheet.cells[r * sheet.columns.size() + column].picture.width > 0) cell.full = file_of(*full);
        }
        grid.width = small.width;
        grid.height = small.height;
        WritePng(folder / cell.file, small);
      }
    if (!columns.empty()) content.grids.push_back(std::move(grid));
  }
}

// What one reads first, then what one looks into.
void AddFigures(const ReportData& data, PageContent* content) {
  if (data.result.samples().empty()) return;
  content->overview = OverviewFigure(data, 2);
  if (data.groups.size() > 1) content->overview_narrow = OverviewFigure(data, 1);
  if (content->overview_narrow && content->overview_narrow->id == content->overview->id)
    content->overview_narrow.reset();  // one panel alone has points
  content->sections = {PathFigures(data), TraceFigures(data), CostFigures(data), SkipHistograms(data),
                       StudyFigures(data)};
  for (size_t k = 2; k < content->sections.size(); ++k) content->sections[k].folded = true;
}

}  // namespace

void WriteReport(const ResultReader& result, const fs::path& folder, const ReportOptions& options) {
  if (options.pictures < 0) Fail("report: pictures: expected a number of samples >= 0, found {}", options.pictures);
  if (options.per_setting < 0)
    Fail("report: per_setting: expected a number of settings >= 0, found {}", options.per_setting);
  const Gnuplot gnuplot(options.gnuplot);
  ReportData data(result, options.table ? *options.table : MakeTable(result));
  data.per_setting = options.per_setting;
  Prepare(folder);
  WriteFileAtomically(folder / "table.md", RenderMarkdown(data.table));
  WriteFileAtomically(folder / "table.tex", RenderLatex(data.table));
  WriteFileAtomically(folder / "table.csv", RenderCsv(data.table));
  WriteFileAtomically(folder / "table.json", RenderJson(data.table));
  PageContent content;
  AddFigures(data, &content);
  std::set<std::string> ids;
  for (const auto* figure : {&content.overview, &content.overview_narrow})
    if (*figure) gnuplot.Draw(**figure, folder / "figures");
  for (auto& section : content.sections)
    for (auto* figures : {&section.figures, &section.details})
      for (auto& figure : *figures) {
        // Two metrics may differ in nothing that a file name can have.
        const std::string id = figure.id;
        for (int k = 2; !ids.insert(figure.id).second; ++k) figure.id = fmt::format("{}_v{}", id, k);
        gnuplot.Draw(figure, folder / "figures");
      }
  AddPictures(data, options.pictures, folder, content);
  WriteFileAtomically(folder / kPage, RenderPage(data, content));
  std::error_code ignored;  // the page is there
  fs::remove(folder / kUnfinished, ignored);
}

}  // namespace skipbench
