#include "harness/store/path_study_record.h"

#include <fmt/ranges.h>

namespace skipbench {
namespace {

template <class T>
void Write(hdf5::Group& group, const std::string& name, const Array<T>& array, const std::vector<std::string>& axes) {
  group.Write(name, array.values, array.shape, axes);
}

template <class T>
Array<T> Read(const hdf5::Group& group, const std::string& name, const hdf5::Shape& expected) {
  const hdf5::Dataset dataset = group.OpenDataset(name);
  if (dataset.shape() != expected)
    Fail("{}: has the shape [{}], expected [{}]", dataset.Where(), fmt::join(dataset.shape(), ", "),
         fmt::join(expected, ", "));
  return {dataset.shape(), dataset.Read<T>()};
}

}  // namespace

const std::vector<std::string>& PathStatistics() {
  static const std::vector<std::string> names = {"chi2",  "p",        "chi2_yates", "p_yates", "phi",
                                                 "kappa", "fisher_p", "shift_p",    "run_p",   "agreement"};
  return names;
}

void WritePathStudy(hdf5::Group& group, const PathStudyRecord& record) {
  group.SetAttribute("search", record.search);
  group.SetAttribute("first", record.first);
  group.SetAttribute("permutations", record.permutations);
  group.SetAttribute("seed", record.seed);
  group.SetAttribute("evaluations", record.evaluations);
  group.SetAttribute("seconds", record.seconds);
  group.SetAttribute("path_codes", std::string("0 reuse, 1 predict"));
  group.SetAttribute("error_units", std::string("L2 of the final latent against the full path's"));
  const int64_t n = static_cast<int64_t>(record.samples.size());
  group.Write("sample", record.samples, {n}, {"sample"});
  group.Write("latent_norm", record.latent_norm, {n}, {"sample"});
  group.Write("skips", record.skips, {static_cast<int64_t>(record.skips.size())}, {"skips"});
  Write(group, "searched_path", record.searched_path, {"sample", "skips", "call"});
  Write(group, "searched_error", record.searched_error, {"sample", "skips"});
  Write(group, "random_path", record.random_path, {"sample", "skips", "draw", "call"});
  Write(group, "random_error", record.random_error, {"sample", "skips", "draw"});
  hdf5::Group estimators = group.CreateGroup("estimators");
  for (size_t e = 0; e < record.estimates.size(); ++e) {
    const PathEstimate& estimate = record.estimates[e];
    hdf5::Group one = estimators.CreateGroup(std::to_string(e));
    one.SetAttribute("label", estimate.label);
    one.SetAttribute("use", estimate.use);
    Write(one, "path", estimate.path, {"sample", "skips", "call"});
    Write(one, "error", estimate.error, {"sample", "skips"});
    Write(one, "table", estimate.table, {"sample", "skips", "cell"});
    one.OpenDataset("table").SetAttribute(
        "cells", std::vector<std::string>{"both skip", "only searched skips", "only estimated skips", "both predict"});
    for (const auto& name : PathStatistics()) Write(one, name, estimate.statistics.at(name), {"sample", "skips"});
  }
}

PathStudyRecord ReadPathStudy(const hdf5::Group& group) {
  PathStudyRecord record;
  record.search = group.Attribute<std::string>("search");
  record.first = group.Attribute<int64_t>("first");
  record.permutations = group.Attribute<int64_t>("permutations");
  record.seed = group.Attribute<uint64_t>("seed");
  record.evaluations = group.Attribute<int64_t>("evaluations");
  record.seconds = group.Attribute<double>("seconds");
  record.samples = group.Read<int64_t>("sample");
  record.skips = group.Read<int64_t>("skips");
  const int64_t n = static_cast<int64_t>(record.samples.size()), k = static_cast<int64_t>(record.skips.size());
  record.latent_norm = Read<double>(group, "latent_norm", {n}).values;
  const hdf5::Shape searched = group.OpenDataset("searched_path").shape(),
                    random = group.OpenDataset("random_path").shape();
  if (searched.size() != 3 || random.size() != 4)
    Fail("{}: searched_path and random_path have {} and {} axes, expected 3 and 4", group.Where(), searched.size(),
         random.size());
  const int64_t calls = searched[2], draws = random[2];
  record.searched_path = Read<uint8_t>(group, "searched_path", {n, k, calls});
  record.searched_error = Read<double>(group, "searched_error", {n, k});
  record.random_path = Read<uint8_t>(group, "random_path", {n, k, draws, calls});
  record.random_error = Read<double>(group, "random_error", {n, k, draws});
  const hdf5::Group estimators = group.OpenGroup("estimators");
  for (size_t e = 0; e < estimators.Members().size(); ++e) {
    const hdf5::Group one = estimators.OpenGroup(std::to_string(e));
    PathEstimate estimate;
    estimate.label = one.Attribute<std::string>("label");
    estimate.use = one.Attribute<std::string>("use");
    estimate.path = Read<uint8_t>(one, "path", {n, k, calls});
    estimate.error = Read<double>(one, "error", {n, k});
    estimate.table = Read<int64_t>(one, "table", {n, k, 4});
    for (const auto& name : PathStatistics()) estimate.statistics[name] = Read<double>(one, name, {n, k});
    record.estimates.push_back(std::move(estimate));
  }
  return record;
}

}  // namespace skipbench
