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

// Says on the standard error what of a contact sheet's text could not be drawn (WriteContactSheet()); nothing where
// that is empty.
void NoteMissingFonts(const std::filesystem::path& sheet, const std::string& missing);

// The paths of the option "input". Error naming the command when there is none.
Texts InputsOf(const Values& values, const char* command);

}  // namespace skipbench::cli
