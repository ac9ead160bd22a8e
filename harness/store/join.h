// Several files of results become one.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "harness/store/source.h"

namespace skipbench {

// Writes the samples, columns, waves and extras of `sources` into a new file at `path`, samples in the order of the
// plan. The sources must be of one run (RequireOneRun). Of an extra that several sources have, the last one counts; one
// that was computed over other samples than all of these (its attribute "samples" is their number) is left out. Needs
// memory for a few tens of MB whatever the size of the results. The file appears whole or not at all. `shard` is what
// the new file says of itself; without one, what the first source says.
void Join(std::vector<Source>& sources, const std::filesystem::path& path, std::optional<Shard> shard = {});

// Where the rows of sources stand among all of their samples, which are in the order of the plan.
struct SampleOrder {
  std::vector<SampleInfo> samples;
  std::vector<std::vector<int64_t>> places;  // [source][row] -> index into samples
};
SampleOrder OrderOf(const std::vector<Source>& sources);
// The waves of all of them, in the order of the plan.
std::vector<WaveRecord> AllWaves(const std::vector<Source>& sources);

// Error if two sources do not have the same columns; names both files and the column.
void RequireSameColumns(const std::vector<Source>& sources);

}  // namespace skipbench
