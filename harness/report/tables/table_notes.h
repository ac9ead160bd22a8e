// What one has to know to read a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

// Each once.
std::vector<std::string> NotesOf(const Table& table);

// The same with what may mislead in front: a busy machine, samples and values that are missing, what the run had to
// say of itself.
std::vector<std::string> NotesByWeight(const Table& table);

// What a run that decides was asked, and what its bounds are.
std::string DecisionNote(const RunDecisions& decisions);

// Frames of a clip; 0: the samples are pictures.
int64_t FramesOf(const Table& table);

}  // namespace skipbench
