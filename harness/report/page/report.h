// A result becomes a folder that can be read without skipbench: a page, figures, pictures, tables.
//
//   index.html               everything, readable without network and scripts; refers to the files below
//   table.md .tex .csv .json the table
//   figures/ID.svg .dark.svg .png .pdf;  figures/src/ID.csv .gp: the numbers of each figure, and what draws it
//   pictures/                contact_sheet.png, and the pictures that the page shows (at most 256 pixels a side)
//
// The same result gives the same page, figures and tables (PDF files carry the time at which they were made).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/analysis/table.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct ReportOptions {
  int pictures = 8;                 // samples in the picture grid, the first ones of the plan; >= 0
  int per_setting = 6;              // settings with a scheduler and steps in common that get figures of their own; >= 0
  std::string gnuplot = "gnuplot";  // the program that draws: a path, or a name in PATH
  std::optional<Table> table = {};  // of the result, with the metrics of whole sets; absent: MakeTable's, without those
};

// `folder` is made; it may exist if it is empty or holds an earlier report, which is replaced. Error, before anything
// is written, when gnuplot is missing, the folder holds something else, or cannot be written to.
void WriteReport(const ResultReader& result, const std::filesystem::path& folder, const ReportOptions& options = {});

}  // namespace skipbench
