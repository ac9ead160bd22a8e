#include "harness/store/latency.h"

#include "harness/base/text.h"
#include "harness/store/record_io.h"

namespace skipbench {
namespace {

template <class Io, class Record>
void Fields(Io& io, Record& record, int64_t settings) {
  io.Attribute("setting", record.setting, 0, settings - 1);
  io.Attribute("batch", record.batch, 1);
  io.Attribute("threads", record.threads);
  io.Attribute("peak_memory", record.peak_memory_bytes);
  io.Remark("peak_memory_units", "bytes");
  io.Attribute("peak_memory_kind", record.peak_memory_kind);
}

// Records of earlier builds do not have them.
template <class Io, class Record>
void FieldsOfTheMoment(Io& io, Record& record) {
  io.Attribute("measured_at", record.measured_at);
  io.Attribute("busy_elsewhere", record.busy_elsewhere);
}

}  // namespace

void WriteLatency(hdf5::Group& group, std::span<const LatencyRecord> records, const RunHeader& header) {
  const auto settings = std::ssize(header.settings);
  for (size_t i = 0; i < records.size(); ++i) {
    const LatencyRecord& record = records[i];
    if (record.setting < 0 || record.setting >= settings)
      Fail("{}: a latency record of setting {}; the run has {} settings", group.Where(), record.setting, settings);
    hdf5::Group one = group.CreateGroup(std::to_string(i));
    GroupWriter writer(one);
    Fields(writer, record, settings);
    FieldsOfTheMoment(writer, record);
    one.SetAttribute("label", header.settings[record.setting].label);
    one.SetAttribute("status", static_cast<int64_t>(record.status));
    one.SetAttribute("message", CleanText(record.message));
    hdf5::Group stages = one.CreateGroup("stages");
    for (const auto& [stage, seconds] : record.stage_s)
      stages.Write(stage, seconds, {std::ssize(seconds)}, {"repeat"}, "s");
  }
}

std::vector<LatencyRecord> ReadLatency(const hdf5::Group& group, const RunHeader& header) {
  std::vector<LatencyRecord> records;
  for (const auto& name : group.Members()) {
    const hdf5::Group one = group.OpenGroup(name);
    LatencyRecord& record = records.emplace_back();
    GroupReader reader(one);
    Fields(reader, record, std::ssize(header.settings));
    if (one.HasAttribute("measured_at")) FieldsOfTheMoment(reader, record);
    int status = 0;
    reader.Attribute("status", status, 0, static_cast<int>(Status::kNotSupported));
    record.status = static_cast<Status>(status);
    reader.Attribute("message", record.message);
    const hdf5::Group stages = one.OpenGroup("stages");
    for (const auto& stage : stages.Members()) record.stage_s[stage] = stages.Read<double>(stage);
  }
  return records;
}

}  // namespace skipbench
