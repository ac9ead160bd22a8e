#include "harness/store/claims/shared_plan.h"

#include "harness/base/error.h"
#include "harness/io/hdf5/hdf5.h"
#include "harness/store/claims/worker.h"
#include "harness/store/schema.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

fs::path PlanFile(const fs::path& folder) { return folder / kClaimsFolder / "run.h5"; }

}  // namespace

std::string WaveName(int64_t begin) { return fmt::format("{:08}", begin); }

std::optional<std::pair<RunHeader, SharedPlan>> ReadSharedPlan(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(PlanFile(folder), error)) return std::nullopt;
  const hdf5::Group root = hdf5::OpenFile(PlanFile(folder));
  const hdf5::Group group = root.OpenGroup("plan");
  SharedPlan plan;
  plan.extended = group.Attribute<std::string>("extended");
  const auto begin = group.Read<int64_t>("begin"), end = group.Read<int64_t>("end");
  if (begin.size() != end.size()) Fail("{}: its datasets have different lengths", group.Where());
  for (size_t i = 0; i < begin.size(); ++i) plan.waves.emplace_back(begin[i], end[i]);
  return std::pair(ReadHeader(root), std::move(plan));
}

namespace {

// False: another process was faster.
bool MakePlanFile(const fs::path& path, const RunHeader& header, const SharedPlan& plan) {
  hdf5::FileWriter writer(path);
  WriteHeader(writer.root(), header, EnvironmentsOf(header));
  hdf5::Group group = writer.root().CreateGroup("plan");
  group.SetAttribute("extended", plan.extended);
  std::vector<int64_t> begin, end;
  for (const auto& wave : plan.waves) {
    begin.push_back(wave.first);
    end.push_back(wave.second);
  }
  group.Write("begin", begin, {std::ssize(begin)}, {"wave"});
  group.Write("end", end, {std::ssize(end)}, {"wave"});
  return writer.CommitNew(/*may_replace=*/false);
}

}  // namespace

SharedPlan AgreeOnPlan(const fs::path& folder, const RunHeader& header, const SharedPlan& plan) {
  std::optional<std::pair<RunHeader, SharedPlan>> there;
  // A process that has just joined the result of all may be taking the file away.
  for (int attempt = 0; attempt < 3 && !there; ++attempt) {
    there = ReadSharedPlan(folder);
    if (!there && MakePlanFile(PlanFile(folder), header, plan)) return plan;
    if (!there) there = ReadSharedPlan(folder);
  }
  if (!there) Fail("{}: was removed by another process", PlanFile(folder).string());
  if (const auto difference = FirstDifference(there->first, header, /*shards=*/false); !difference.empty())
    Fail("{}: processes share another run there, which this one is not: {}", folder.string(), difference);
  if (there->second.extended != plan.extended)
    Fail("{}: the processes there extend {}, this one {}: give all of them the same --extend", folder.string(),
         there->second.extended, plan.extended);
  return there->second;
}

}  // namespace skipbench
