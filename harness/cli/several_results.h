// Results that a command was given: which of them are parts of one run, and which stand for themselves.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/open_results.h"

namespace skipbench::cli {

struct NamedResult {
  std::string name;  // short, and unlike the others': what people call it
  ResultReader result;
};

// Parts of one run (shards: the same experiment, no sample twice) become one result, everything else results of their
// own, in the order given. Prints their notes.
std::vector<NamedResult> OpenSeveral(const Texts& paths, const Values& values);

// What a person calls the result at this path: the last part of it that says something.
std::string NameOfResult(const std::string& path);

// Why rows of the results say little about each other: another model, seed, other data. One line each.
Texts WhyNotBeside(const std::vector<NamedResult>& results);

}  // namespace skipbench::cli
