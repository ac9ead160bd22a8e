#include "harness/store/path_study_record.h"

#include "harness/store/record_io.h"

namespace skipbench {
namespace {

template <class Io, class Record>
void Fields(Io& io, Record& record) {
  io.Attribute("search", record.search);
  io.Attribute("first", record.first);
  io.Attribute("permutations", record.permutations);
  io.Attribute("seed", record.seed);
  io.Attribute("evaluations", record.evaluations);
  io.Attribute("seconds", record.seconds);
  io.Remark("path_codes", "0 reuse, 1 predict");
  io.Remark("error_units", "L2 of the final latent against the full path's");
  io.Dataset("sample", record.samples, "sample");
  io.Dataset("latent_norm", record.latent_norm, "sample");
  io.Dataset("skips", record.skips, "skips");
  io.Dataset("searched_path", record.searched_path, {"sample", "skips", "call"});
  io.Dataset("searched_error", record.searched_error, {"sample", "skips"});
  io.Dataset("random_path", record.random_path, {"sample", "skips", "draw", "call"});
  io.Dataset("random_error", record.random_error, {"sample", "skips", "draw"});
}

template <class Io, class Estimate>
void FieldsOfEstimate(Io& io, Estimate& estimate) {
  io.Attribute("label", estimate.label);
  io.Attribute("use", estimate.use);
  io.Dataset("path", estimate.path, {"sample", "skips", "call"});
  io.Dataset("error", estimate.error, {"sample", "skips"});
  io.Dataset("table", estimate.table, {"sample", "skips", "cell"});
  for (const auto& name : PathStatistics()) io.Dataset(name, estimate.statistics.at(name), {"sample", "skips"});
}

}  // namespace

const std::vector<std::string>& PathStatistics() {
  static const std::vector<std::string> names = {"chi2",  "p",        "chi2_yates", "p_yates", "phi",
                                                 "kappa", "fisher_p", "shift_p",    "run_p",   "agreement"};
  return names;
}

void WritePathStudy(hdf5::Group& group, const PathStudyRecord& record) {
  GroupWriter writer(group);
  Fields(writer, record);
  hdf5::Group estimators = group.CreateGroup("estimators");
  for (size_t e = 0; e < record.estimates.size(); ++e) {
    hdf5::Group one = estimators.CreateGroup(std::to_string(e));
    GroupWriter of_one(one);
    FieldsOfEstimate(of_one, record.estimates[e]);
    one.OpenDataset("table").SetAttribute(
        "cells", std::vector<std::string>{"both skip", "only searched skips", "only estimated skips", "both predict"});
  }
}

PathStudyRecord ReadPathStudy(const hdf5::Group& group) {
  PathStudyRecord record;
  GroupReader reader(group);
  Fields(reader, record);
  auto lengths = reader.lengths();
  lengths["cell"] = 4;
  const hdf5::Group estimators = group.OpenGroup("estimators");
  for (size_t e = 0; e < estimators.Members().size(); ++e) {
    const hdf5::Group one = estimators.OpenGroup(std::to_string(e));
    PathEstimate& estimate = record.estimates.emplace_back();
    for (const auto& name : PathStatistics()) estimate.statistics[name] = {};
    GroupReader of_one(one, lengths);
    FieldsOfEstimate(of_one, estimate);
  }
  return record;
}

}  // namespace skipbench
