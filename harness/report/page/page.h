// The report's page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/report/figures/figures.h"

namespace skipbench {

// Pictures of the same noise side by side.
struct PictureGrid {
  struct Cell {
    std::string file;  // below the page's folder; empty: the note stands alone
    std::string note;  // "NFE 25  31.2 dB", or why there is no picture
    std::string alt;
    std::string full =
        {};  // the full run's picture of the same noise, for the slider; empty: this is it, or there is none
  };
  std::string title;                 // of the group; may be empty
  std::vector<std::string> columns;  // settings
  std::vector<std::string> rows;     // captions
  std::vector<Cell> cells;           // row by row
  int width = 0, height = 0;         // of each picture, pixels
  int first = -1;                    // column of what the slider shows at first; -1: the first one it can
};

struct PageContent {
  std::optional<Figure> overview, overview_narrow;  // of the first screen, the second one for narrow ones
  std::vector<FigureSection> sections;
  std::vector<PictureGrid> grids;
  std::string no_pictures;    // why there are none
  std::string missing_fonts;  // DrawnSheet's `missing`
};

// The whole page as HTML: nothing from elsewhere, one script of its own that it is whole without; every foreign text
// escaped.
std::string RenderPage(const ReportData& data, const PageContent& content);

inline constexpr const char* kGenerator = "skipbench report";  // <meta name="generator">, by which a report is known

}  // namespace skipbench
