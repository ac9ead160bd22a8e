// Results as the commands open them.
#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/store/result_reader.h"

namespace skipbench::cli {

// The option --unchecked, which OpenResults and ReadingOptions look for.
void AddReadingOptions(boost::program_options::options_description* options);
OpenOptions ReadingOptions(const boost::program_options::variables_map& values);

// Prints what the user has to know of the files to the standard error.
void PrintNotes(const ResultReader& result);

// Opens results as one, and prints their notes.
ResultReader OpenResults(const std::vector<std::string>& paths, const OpenOptions& options);

// Says on the standard error what of a contact sheet's text could not be drawn (WriteContactSheet()); nothing where
// that is empty.
void NoteMissingFonts(const std::filesystem::path& sheet, const std::string& missing);

// The paths of the option "input". Error naming the command when there is none.
std::vector<std::string> InputsOf(const boost::program_options::variables_map& values, const std::string& command);

}  // namespace skipbench::cli
