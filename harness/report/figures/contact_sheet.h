// A contact sheet: pictures in a grid, one row for each sample, one column for each setting.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/io/pictures/image.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct ContactSheet {
  struct Cell {
    Image picture;     // empty (width 0): the note stands in its place
    std::string note;  // below the picture: "NFE 25  31.2 dB"
  };
  std::vector<std::string> columns;  // headings
  std::vector<std::string> rows;     // captions
  std::vector<Cell> cells;           // row by row: rows.size() * columns.size()
};

// Small pictures are enlarged by a whole factor; long texts are wrapped. Error if there is nothing to show, or a number
// of cells that is not rows x columns.
struct DrawnSheet {
  Image image;
  std::string missing;  // what of the texts no font has (drawing.h's DescribeMissing()); usually empty
};
DrawnSheet Assemble(const ContactSheet& sheet);

// The first `rows` samples of a result, with every setting's picture, NFE and PSNR. Error if the result has no pictures
// ("images" in "save"). Of clips, the frames of ShownFrames() are.
ContactSheet SheetOf(const ResultReader& result, int rows);

// Which frames of a clip (from 0) a sheet shows: the 6th, 11th and 16th of 16, as the paper's figures do, or as far
// along.
std::vector<int64_t> ShownFrames(int64_t frames);

// Returns DrawnSheet's `missing`.
std::string WriteContactSheet(const ResultReader& result, int rows, const std::filesystem::path& path);

}  // namespace skipbench
