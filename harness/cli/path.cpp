#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/analysis/one_path.h"
#include "harness/analysis/settings.h"
#include "harness/base/did_you_mean.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "harness/experiment/plan/recorded_paths.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/files/mask_file.h"
#include "harness/report/exports/path_export.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {
namespace {

constexpr const char* kExportUsage =
    "path export RESULT [--setting LABEL] [--skips N] [--sample ID | --majority] [--row conditional|unconditional] "
    "[--as-skips] --format cache-dit|diffusers|json [--out FILE]";
constexpr const char* kImportUsage = "path import FILE [--steps N] [--name NAME]";

// The setting whose path is meant.
size_t SettingOf(const ResultReader& result, const Values& values, const std::string& where) {
  if (values.Has("setting")) return FindSetting(result, values.Text("setting"), where + ": --setting");
  const auto& settings = result.header().settings;
  std::vector<size_t> candidates;
  Texts labels;
  for (size_t k = 0; k < settings.size(); ++k) {
    if (!settings[k].reference) candidates.push_back(k);
    labels.push_back(settings[k].label);
  }
  if (candidates.size() == 1) return candidates[0];
  Fail("{}: has {} settings besides the reference; --setting LABEL must say whose path is meant; there are\n  {}",
       where, candidates.size(), fmt::join(labels, "\n  "));
}

GuidanceRow RowOf(const Values& values) {
  if (!values.Has("row")) return GuidanceRow::kBoth;
  return values.Choice("row", {"conditional", "unconditional"}) == "conditional" ? GuidanceRow::kConditional
                                                                                 : GuidanceRow::kUnconditional;
}

// The path with so many skips that a greedy_search found.
OnePath SearchedPath(const std::string& file, const std::string& label, int skips, const PathChoice& choice,
                     const std::string& where, Texts* notes) {
  const PrecomputedPaths found = LoadRecordedPaths(
      {.result = file, .setting = label, .skips = skips, .sample = choice.sample}, {}, "skipbench path export", "");
  if (found.shared)
    return {*found.shared, choice.sample ? fmt::format("of sample {}", *choice.sample) : "of all samples"};
  if (!found.missing.empty())
    notes->push_back(fmt::format("{} samples have no path with {} skips: {}", found.missing.size(), skips,
                                 found.missing.begin()->second));
  return ChooseOnePath(found.by_sample, choice, where);
}

bool HasUnet(const RunHeader& header) {
  return std::ranges::any_of(header.model_files, [](const auto& file) { return file.first.starts_with("unet/"); });
}

std::string RunOf(const RunHeader& header, const SettingInfo& setting) {
  return fmt::format("{}: {}{}, {}, {} steps, {}, seed {}", header.name, header.model,
                     header.model_hash.empty() ? "" : fmt::format(" ({})", header.model_hash.substr(0, 12)),
                     setting.scheduler.empty() ? header.scheduler : setting.scheduler, setting.steps,
                     setting.guidance == 0 ? "no guidance" : fmt::format("guidance {}", setting.guidance), header.seed);
}

// Whether the setting's shallow calls are what cache-dit's skips are: the residual of a range of blocks, as it was.
bool AddsAResidual(const SettingInfo& setting) {
  static const std::set<std::string> methods = {"db_cache", "first_block_cache", "mag_cache", "tea_cache"};
  return methods.contains(setting.type) ||
         (setting.type == "interval" && setting.parameters.value("level", Json()) == "residual");
}

// An integer of the setting's parameters, at least `least`, which it is without it.
int BlocksOf(const SettingInfo& setting, const char* key, int least) {
  const auto found = setting.parameters.find(key);
  return found != setting.parameters.end() && found->is_number_integer() ? std::max(found->get<int>(), least) : least;
}

// What becomes of calls that neither run the network nor use the last output again. Error where that is not asked for.
void NoteOtherCalls(const Actions& actions, const SettingInfo& setting, bool as_skips, const std::string& format,
                    const std::string& where, ExportedPath* path) {
  const auto shallow = std::ranges::count(actions, kActionShallow);
  const auto combine = std::ranges::count(actions, kActionCombine);
  const bool taken_over = format == "cache-dit" && AddsAResidual(setting);
  if (((shallow > 0 && !taken_over) || combine > 0) && !as_skips)
    FailUnsupported(
        "{}: of {} calls {} run a part of the network and {} make a weighted sum of earlier outputs; {} has no such "
        "calls; "
        "--as-skips exports them as skips all the same",
        where, actions.size(), shallow, combine, format == "json" ? "a mask" : "a path for " + format);
  if (taken_over && shallow > 0) {
    path->front_blocks = BlocksOf(setting, "Fn_compute_blocks", 1);
    path->back_blocks = BlocksOf(setting, "Bn_compute_blocks", 0);
    path->notes.push_back(
        fmt::format("{} calls ran a part of the network in skipbench, as cache-dit's skips do", shallow));
  } else if (shallow > 0) {
    path->notes.push_back(fmt::format(
        "{} calls ran a part of the network in skipbench; here they are skips, and the pictures others", shallow));
  }
  if (combine > 0)
    path->notes.push_back(fmt::format(
        "{} calls took a weighted sum of earlier outputs in skipbench; here they are skips, and the pictures others",
        combine));
}

int Export(const Texts& args) {
  const Values values = Parse(
      "path export", kExportUsage,
      {Input("a result: a folder (finished or not) or a results.h5 file"),
       Optional<std::string>("setting", "whose path: the label of a setting; default: the only one besides full_step"),
       Optional<int>("skips", "of a greedy_search: its path with so many skips, instead of the one that ran"),
       Optional<int64_t>("sample", "the path of the sample with this id (/samples/id in the result)"),
       Flag("majority", "at each call what most samples did, where their paths differ"),
       Optional<std::string>("row", "whose decisions, where guidance's rows decided apart")
           .Of({"conditional", "unconditional"}),
       Flag("as-skips", "export calls that run a part of the network, or combine earlier outputs, as skips"),
       Optional<std::string>("format,f", "Python for cache-dit 1.5.3, Python without further packages, or JSON")
           .Of({"cache-dit", "diffusers", "json"}),
       Optional<std::string>("out,o", "the file to write; default: the standard output")},
      args);
  const std::string file = values.OnlyInput("one result");
  if (!values.Has("format")) Fail("skipbench path export: --format cache-dit, diffusers or json was expected");
  const std::string format = values.Choice("format", {"cache-dit", "diffusers", "json"});
  if (values.Has("sample") && values.IsSet("majority"))
    Fail("skipbench path export: --sample and --majority exclude each other");
  if (values.Has("skips") && values.Has("row"))
    Fail("skipbench path export: --skips and --row exclude each other: searched paths serve both rows");
  const ResultReader result = ResultReader::Open(file);
  PrintNotes(result);
  const std::string from = "skipbench path export: " + file;
  const size_t index = SettingOf(result, values, from);
  const SettingInfo& setting = result.header().settings[index];
  const std::string where = from + ": " + setting.label;
  PathChoice choice{.majority = values.IsSet("majority")};
  if (values.Has("sample")) choice.sample = values.Get<int64_t>("sample");

  ExportedPath path{.setting = setting.label, .run = RunOf(result.header(), setting)};
  if (format == "cache-dit" && HasUnet(result.header()))
    FailUnsupported(
        "{}: cache-dit 1.5.3 caches the blocks of transformers, and this model has a U-Net; --format diffusers "
        "serves both",
        where);
  const OnePath chosen =
      values.Has("skips")
          ? SearchedPath(file, setting.label, values.Number<int>("skips", 0), choice, where, &path.notes)
          : ChooseOnePath(PathsBySample(result, index, RowOf(values), where), choice, where);
  path.whose = chosen.whose;
  if (values.Has("skips")) path.setting += fmt::format(", its search at {} skips", values.Get<int>("skips"));
  for (const uint8_t action : chosen.actions) path.mask.push_back(action == kActionPredict);
  NoteOtherCalls(chosen.actions, setting, values.IsSet("as-skips"), format, where, &path);
  if (std::ranges::all_of(path.mask, [](uint8_t predict) { return predict == 1; }))
    path.notes.push_back("every call runs the network: nothing is skipped");
  if (setting.calls != setting.steps)
    path.notes.push_back(
        fmt::format("{} makes {} scheduler calls for {} steps", setting.label, setting.calls, setting.steps));

  for (const auto& note : path.notes) fmt::print(stderr, "skipbench: {}\n", note);
  const std::string text = format == "cache-dit"   ? RenderCacheDit(path)
                           : format == "diffusers" ? RenderDiffusers(path)
                                                   : RenderPathJson(path);
  if (!values.Has("out")) {
    fmt::print("{}", text);
    return 0;
  }
  WriteFileAtomically(values.Text("out"), text);
  fmt::print("path: {}\n", values.Text("out"));
  return 0;
}

int Import(const Texts& args) {
  const Values values =
      Parse("path import", kImportUsage,
            {Input("a mask: a JSON or Python list of 1 (run the network) and 0 (use the last output again), as "
                   "cache-dit's steps_computation_mask, or what path export wrote"),
             Optional<int>("steps", "scheduler calls of the run that the mask is for: another length is an error"),
             Optional<std::string>("name", "what the setting is to be called")},
            args);
  const std::string file = values.OnlyInput("one file with a mask");
  const MaskFile found = ReadMaskFile(file);
  if (values.Has("steps"))
    if (const int steps = values.Number<int>("steps", 1); steps != std::ssize(found.mask))
      Fail("skipbench path import: {}: the mask has {} entries, one a scheduler call; --steps says {}", file,
           found.mask.size(), steps);
  const std::string of = found.name.empty() ? std::filesystem::path(file).filename().string() : found.name;
  const std::string name = values.Has("name") ? values.Text("name") : "path of " + of;
  fmt::print("{{\"type\": \"fixed_path\", \"mask\": [{}], \"name\": {}}}\n", fmt::join(found.mask, ", "),
             Json(name).dump(-1, ' ', false, Json::error_handler_t::replace));
  return 0;
}

}  // namespace

int Path(const Texts& args) {
  const std::string usage = fmt::format("usage: skipbench {}\n       skipbench {}", kExportUsage, kImportUsage);
  if (args.empty()) Fail("skipbench path: expected export or import\n{}", usage);
  if (args[0] == "--help" || args[0] == "-h")
    throw HelpWanted{.command = "path", .usage = {kExportUsage, kImportUsage}, .options = {}};
  const Texts rest(args.begin() + 1, args.end());
  if (args[0] == "export") return Export(rest);
  if (args[0] == "import") return Import(rest);
  Fail("skipbench path: expected export or import, found \"{}\"{}\n{}", args[0],
       DidYouMean(args[0], {"export", "import"}), usage);
}

}  // namespace skipbench::cli
