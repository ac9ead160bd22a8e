// One results file, opened: a segment, or a joined results.h5. Writer, reader and join see results as a list of these.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/store/columns.h"
#include "harness/store/schema.h"

namespace skipbench {

// A wave as the results keep it: which samples, at what cost, and who ran it.
struct WaveRecord {
  int64_t first_ordinal = 0;
  int64_t samples = 0;
  WaveCost cost;
  ProcessName process = {};  // of results that say it; else without a host
};

struct OpenOptions {
  bool unchecked = false;   // what can be read of a file that fails its check, with a note
  bool own = false;         // this process has written it: its checksum is enough
  KnownMetrics known = {};  // for what the results do not say of their metrics
};

class Source {
 public:
  // Error naming the file when it is damaged (hdf5::OpenGuarded), no result, or of a newer schema.
  explicit Source(const std::filesystem::path& path, const OpenOptions& options = {});

  const std::filesystem::path& path() const { return path_; }
  const RunHeader& header() const { return header_; }
  const std::vector<Json>& environments() const { return environments_; }
  const std::vector<SampleInfo>& samples() const { return samples_; }
  const std::vector<WaveRecord>& waves() const { return waves_; }
  // The columns of a setting.
  const std::vector<ColumnInfo>& columns(size_t setting) const { return columns_[setting]; }
  // What the user has to know of the file: that it changed after the run.
  const std::vector<std::string>& notes() const { return notes_; }
  // Groups of the root that are none of the layout's own ("latency").
  const std::vector<std::string>& extras() const { return extras_; }

  // The file, opened (again, if Close() was called since).
  const hdf5::Group& root();
  hdf5::Group Setting(size_t index) { return root().OpenGroup("settings").OpenGroup(std::to_string(index)); }
  // A file that was opened by a copy stays open: it is not read twice.
  void Close() {
    if (!copied_) root_.reset();
  }

 private:
  void ReadSamples();
  void ReadWaves();

  std::filesystem::path path_;
  std::optional<hdf5::Group> root_;
  bool copied_ = false;
  std::vector<std::string> notes_;
  RunHeader header_;
  std::vector<Json> environments_;
  std::vector<SampleInfo> samples_;
  std::vector<WaveRecord> waves_;
  std::vector<std::vector<ColumnInfo>> columns_;
  std::vector<std::string> extras_;
};

// Writes /samples and /waves.
void WriteSamples(hdf5::Group& root, const std::vector<SampleInfo>& samples);
void WriteWaves(hdf5::Group& root, const std::vector<WaveRecord>& waves);

// With more files than this, each is open only while it is read: a process may have so many open files.
inline constexpr size_t kKeepOpen = 64;

// Names inside a result folder.
inline constexpr const char* kJoinedFile = "results.h5";
inline constexpr const char* kSegmentFolder = "segments";

// The files of a result folder: results.h5 first, then segments by name. Unfinished temporary files are no results.
std::vector<std::filesystem::path> ResultFiles(const std::filesystem::path& folder);

// A folder's files, of one run and with no sample twice. A segment whose samples are all in results.h5 is a leftover of
// a run that was killed while it joined: its path goes to `leftovers`. Error naming the files.
std::vector<Source> OpenFolder(const std::filesystem::path& folder, std::vector<std::filesystem::path>& leftovers,
                               const OpenOptions& options = {});

// What a path given by a user holds: a file of results, or a folder with some (OpenFolder). Error when there are none.
std::vector<Source> OpenResult(const std::filesystem::path& path, const OpenOptions& options = {});

// Error naming both files if the sources are not of one run or hold a sample twice. `shards`: they may be different
// shards.
void RequireOneRun(const std::vector<Source>& sources, bool shards);

}  // namespace skipbench
