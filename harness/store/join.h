// Several files of results become one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/store/source.h"

namespace skipbench {

// What of a run that stops early counts: parts of it that did not know of each other may have run more.
struct KeptSamples {
  std::vector<int64_t> until;  // [setting] its values of samples with this ordinal or a larger one are left out
  int64_t end = 0;             // samples with this ordinal or a larger one are left out
};

struct JoinOptions {
  std::optional<Shard> shard = {};  // what the file says of itself; absent: what the first source says
  bool compact = false;             // without the columns that tables do not need, and compressed
  std::optional<KeptSamples> kept = {};
  // A part that is written anew, whatever the sources have under its name.
  std::string part = {};
  std::function<void(hdf5::Group&)> fill = {};
};

// Writes the samples (in the order of the plan), columns, waves and extras of `sources`, which are of one run, into a
// new file, which appears whole or not at all. Of an extra that several have the last one counts; one computed over
// other samples than all of these (its attribute "samples" is their number) is left out. Needs a few tens of MB of
// memory whatever the size.
void Join(std::vector<Source>& sources, const std::filesystem::path& path, const JoinOptions& options = {});
// Whether a compact file has the column: not pictures, latents, traces and features of single samples.
bool KeptCompact(const ColumnInfo& column);

// Where the rows of sources stand among all of their samples, which are in the order of the plan.
struct SampleOrder {
  std::vector<SampleInfo> samples;
  std::vector<std::vector<int64_t>> places;  // [source][row] -> index into samples; -1: left out
};
// `end`: samples with this ordinal or a larger one are left out.
SampleOrder OrderOf(const std::vector<Source>& sources, std::optional<int64_t> end = {});
// The waves of all of them, in the order of the plan.
std::vector<WaveRecord> AllWaves(const std::vector<Source>& sources);

// Error if two sources do not have the same columns; names both files and the column.
void RequireSameColumns(const std::vector<Source>& sources);

}  // namespace skipbench
