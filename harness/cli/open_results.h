// Results as the commands open them.
#pragma once

#include <filesystem>
#include <string>

#include "harness/cli/commands.h"
#include "harness/store/result_reader.h"

namespace skipbench::cli {

// The option --unchecked, and how results are opened by it.
Option Unchecked();
OpenOptions ReadingOptions(const Values& values);

// Prints what the user has to know of the files to the standard error.
void PrintNotes(const ResultReader& result);

// Opens results as one, and prints their notes.
ResultReader OpenResults(const Texts& paths, const Values& values);

// Writes a result's contact sheet, unless it has no rows, and says on the standard error what of its text could not be
// drawn.
void WriteSheet(const ResultReader& result, int rows, const std::filesystem::path& folder);

// The paths of the option "input". Error naming the command when there is none.
Texts InputsOf(const Values& values, const char* command);

}  // namespace skipbench::cli
