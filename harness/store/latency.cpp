#include "harness/store/latency.h"

#include "harness/base/text.h"

namespace skipbench {
namespace {

void RequireSetting(int64_t setting, const RunHeader& header, const std::string& where) {
  if (setting < 0 || setting >= static_cast<int64_t>(header.settings.size()))
    Fail("{}: a latency record of setting {}; the run has {} settings", where, setting, header.settings.size());
}

int SmallInt(const hdf5::Group& group, const std::string& name, int64_t min) {
  const int64_t value = group.Attribute<int64_t>(name);
  if (value < min || value > 1'000'000) Fail("{}: the attribute {} is {}", group.Where(), name, value);
  return static_cast<int>(value);
}

}  // namespace

void WriteLatency(hdf5::Group& group, std::span<const LatencyRecord> records, const RunHeader& header) {
  for (size_t i = 0; i < records.size(); ++i) {
    const LatencyRecord& record = records[i];
    RequireSetting(record.setting, header, group.Where());
    hdf5::Group one = group.CreateGroup(std::to_string(i));
    one.SetAttribute("setting", int64_t{record.setting});
    one.SetAttribute("label", header.settings[static_cast<size_t>(record.setting)].label);
    one.SetAttribute("batch", int64_t{record.batch});
    one.SetAttribute("threads", int64_t{record.threads});
    one.SetAttribute("peak_memory", record.peak_memory_bytes);
    one.SetAttribute("peak_memory_units", std::string("bytes"));
    one.SetAttribute("peak_memory_kind", record.peak_memory_kind);
    one.SetAttribute("status", static_cast<int64_t>(record.status));
    one.SetAttribute("message", CleanText(record.message));
    hdf5::Group stages = one.CreateGroup("stages");
    for (const auto& [stage, seconds] : record.stage_s)
      stages.Write(stage, seconds, {static_cast<int64_t>(seconds.size())}, {"repeat"}, "s");
  }
}

std::vector<LatencyRecord> ReadLatency(const hdf5::Group& group, const RunHeader& header) {
  std::vector<LatencyRecord> records;
  for (const auto& name : group.Members()) {
    const hdf5::Group one = group.OpenGroup(name);
    LatencyRecord record;
    record.setting = SmallInt(one, "setting", 0);
    RequireSetting(record.setting, header, one.Where());
    record.batch = SmallInt(one, "batch", 1);
    record.threads = SmallInt(one, "threads", 0);
    record.peak_memory_bytes = one.Attribute<double>("peak_memory");
    record.peak_memory_kind = one.Attribute<std::string>("peak_memory_kind");
    const int status = SmallInt(one, "status", 0);
    if (status > static_cast<int>(Status::kNotSupported)) Fail("{}: the status is {}", one.Where(), status);
    record.status = static_cast<Status>(status);
    record.message = one.Attribute<std::string>("message");
    const hdf5::Group stages = one.OpenGroup("stages");
    for (const auto& stage : stages.Members()) record.stage_s[stage] = stages.Read<double>(stage);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace skipbench
