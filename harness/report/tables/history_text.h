// A history as text.
#pragma once

#include <string>

#include "harness/analysis/history.h"

namespace skipbench {

// "3 (0123456789ab)": a version by its place (from 1) and its commit, or its name where that is not known.
std::string NameOf(const History& history, size_t version);

// For people: the versions, what changed with which, and for each series its first and last value.
std::string RenderMarkdown(const History& history);
// For programs, all digits. CSV has a line for each value: pandas, and Weights & Biases' import, take it as it is.
std::string RenderCsv(const History& history);
std::string RenderJson(const History& history);

}  // namespace skipbench
