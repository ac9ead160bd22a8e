// Reads results: a finished folder, an unfinished one, a results file, or several folders (shards of one run) as one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/store/join.h"
#include "harness/store/records.h"
#include "harness/store/source.h"

namespace skipbench {

class ResultReader {
 public:
  // Each path is a result folder or a file of results. Error naming the file: damaged, no result, of a newer schema,
  // not of one run with the others, or with a sample that another one has too.
  static ResultReader Open(const std::filesystem::path& path, const OpenOptions& options = {}) {
    return Open(std::vector{path}, options);
  }
  static ResultReader Open(const std::vector<std::filesystem::path>& paths, const OpenOptions& options = {});

  // What the user has to know of the files: which of them changed after the run, and how.
  const std::vector<std::string>& notes() const { return notes_; }

  const RunHeader& header() const { return sources_.front().header(); }
  // Device, threads, versions, git revision: one entry, or several for a run that was resumed or sharded elsewhere.
  const std::vector<Json>& environments() const { return environments_; }

  // Leaves out what does not count of a run that stops early: samples, and values of settings, whose status is then
  // kNotRun.
  void Keep(const KeptSamples& kept);

  // In the order of the plan; every column has this order.
  const std::vector<SampleInfo>& samples() const { return order_.samples; }
  // All samples of the plan are there.
  bool complete() const { return std::ssize(samples()) == header().sample_count; }

  const std::vector<ColumnInfo>& Columns(size_t setting) const;
  const ColumnInfo* FindColumn(size_t setting, const std::string& name) const;  // nullptr: not there
  // What the setting's metrics of single samples are.
  std::vector<MetricInfo> Metrics(size_t setting) const;
  // The metrics that it was opened with.
  const KnownMetrics& known_metrics() const { return known_; }

  // A whole column [n, ...]. T must hold the stored type exactly (double: every number type). Error if it is not there.
  template <class T>
  Array<T> Read(size_t setting, const std::string& column) const {
    return ReadSamples<T>(setting, column, 0, std::ssize(samples()));
  }
  // The rows of the samples [first, first + count), in the order of samples().
  template <class T>
  Array<T> ReadSamples(size_t setting, const std::string& column, int64_t first, int64_t count) const;

  const std::vector<WaveRecord>& waves() const { return waves_; }
  WaveCost TotalCost() const;
  const std::vector<LatencyRecord>& latency() const { return latency_; }

  // Names of the parts stored by CommitExtra ("latency" among them), and the part itself from each source that has it.
  std::set<std::string> Extras() const;
  std::vector<hdf5::Group> OpenExtra(const std::string& name) const;

 private:
  ResultReader() = default;
  void ReadScalars();
  void CloseIfMany() const;

  mutable std::vector<Source> sources_;  // opens its file when it is read from
  KnownMetrics known_;
  std::vector<std::string> notes_;
  std::vector<Json> environments_;
  SampleOrder order_;
  std::optional<KeptSamples> kept_;
  std::vector<WaveRecord> waves_;
  std::vector<LatencyRecord> latency_;
  std::vector<std::map<std::string, std::vector<double>>> scalars_;  // [setting][column]: [n]
};

}  // namespace skipbench
