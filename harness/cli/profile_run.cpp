#include "harness/cli/profile_run.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

#include "harness/experiment/run/profile.h"
#include "harness/io/files/atomic_file.h"
#include "harness/report/tables/render_table.h"

namespace skipbench::cli {

namespace {

constexpr double kLeastShare = 0.005;  // of all the time: operators with less stand in one line a stage

std::vector<std::string> Cells(const Profile::Line& line) {
  const auto number = [](double value, const char* format) {
    return value > 0 ? fmt::format(fmt::runtime(format), value) : "-";
  };
  const Profiler::Row& row = line.row;
  const std::string stage = row.stage.empty() ? "outside of stages" : row.stage;
  return {row.name.empty() ? stage : "- " + row.name,
          TypeName(row.type).empty() ? "-" : TypeName(row.type),
          row.calls > 0 ? fmt::format("{}", row.calls) : "-",
          fmt::format("{:.3f}", row.seconds),
          fmt::format("{:.1f} %", 100 * line.share),
          number(static_cast<double>(row.macs) * 1e-9, "{:.2f}"),
          number(line.rate * 1e-9, "{:.1f}"),
          number(100 * line.of_peak, "{:.0f} %")};
}

std::string Render(const Profile& profile) {
  std::vector<std::vector<std::string>> rows = {
      {"stage, operator", "type", "calls", "seconds", "of all", "GMAC", "GMAC/s", "of peak"}};
  Profiler::Row rest;
  for (size_t i = 0; i < profile.lines.size(); ++i) {
    const auto& line = profile.lines[i];
    if (line.share >= kLeastShare || line.row.name.empty()) {
      rows.push_back(Cells(line));
    } else {
      rest = {.name = "smaller ones",
              .calls = rest.calls + line.row.calls,
              .seconds = rest.seconds + line.row.seconds,
              .macs = rest.macs + line.row.macs};
    }
    const bool last = i + 1 == profile.lines.size() || profile.lines[i + 1].row.name.empty();
    if (!last) continue;
    if (rest.seconds > 0) rows.push_back(Cells({.row = rest, .share = rest.seconds / profile.seconds}));
    rest = {};
  }
  return MarkdownGrid(std::move(rows), 2);
}

}  // namespace

void ProfiledRun::Report(const std::filesystem::path& folder) const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const auto rows = profiler_.Rows();
  profiler_.WriteTrace(folder / kProfileTrace);
  std::map<c10::ScalarType, double> peaks;
  for (const auto& row : rows)
    if (row.macs > 0 && !peaks.contains(row.type)) peaks[row.type] = MeasurePeak(device_, row.type);
  const Profile profile = MakeProfile(rows, seconds, peaks);
  WriteFileAtomically(folder / kProfileTable, ProfileJson(profile).dump(1) + "\n");
  fmt::print("\n{}\n", Render(profile));
  for (const auto& [type, peak] : peaks)
    fmt::print("peak of {}: {:.1f} GMAC/s, the faster of torch.mm and skipbench's own product, {} threads\n",
               TypeName(type), peak * 1e-9, at::get_num_threads());
  if (std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.name == kWinogradConv; }))
    fmt::print("{}: 16 products for four outputs where 36 are counted, so it may stand above the peak\n",
               kWinogradConv);
  const int64_t left_out = profiler_.left_out_of_trace();
  fmt::print("trace:    {} (ui.perfetto.dev opens it{})\nprofile:  {}\n", (folder / kProfileTrace).string(),
             left_out > 0 ? fmt::format("; the first ranges, without {} later ones", left_out) : "",
             (folder / kProfileTable).string());
}

}  // namespace skipbench::cli
