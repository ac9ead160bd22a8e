// The figures of a result, from the result alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/analysis/table.h"
#include "harness/report/figures/figure.h"
#include "harness/report/tables/setting_titles.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// Figures that belong together, and what was left out of them for want of data.
struct FigureSection {
  std::string id = {};  // anchor
  std::string title = {};
  std::string intro = {};  // what the figures show and how to read them
  std::vector<Figure> figures = {};
  std::vector<Figure> details = {};  // more of the same, folded away
  std::string details_title = {};
  bool folded = false;                    // the page shows it on demand
  std::vector<std::string> missing = {};  // "latency: the run did not measure it; \"latency\": {...} records it"
};

// A result with what every figure needs of it.
struct ReportData {
  const ResultReader& result;
  Table table;
  std::vector<SettingGroup> groups;
  int per_setting = 6;  // settings of a group that get figures of their own
  explicit ReportData(const ResultReader& reader) : ReportData(reader, MakeTable(reader)) {}
  // `of_result`: with the metrics of whole sets.
  ReportData(const ResultReader& reader, Table of_result)
      : result(reader), table(std::move(of_result)), groups(GroupSettings(reader.header())) {}
};

}  // namespace skipbench
