// The subcommands. Each takes the arguments after its name and returns the exit code: 0 fine, 1 regression (compare),
// 2 inconclusive or not comparable (compare), 3 error or unsupported. Errors are thrown; main prints them.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace skipbench::cli {

int Run(const std::vector<std::string>& args);
int Compare(const std::vector<std::string>& args);
int Merge(const std::vector<std::string>& args);
int Table(const std::vector<std::string>& args);
int Report(const std::vector<std::string>& args);
int Macs(const std::vector<std::string>& args);
int List(const std::vector<std::string>& args);
int Calibrate(const std::vector<std::string>& args);
int Metrics(const std::vector<std::string>& args);
int Doctor(const std::vector<std::string>& args);

// Parses `args`: positional arguments go to the option "input" (which `options` must have). Prints the help and throws
// HelpShown when --help is given; throws Error that names the command for arguments that do not fit.
boost::program_options::variables_map Parse(const std::string& command, const std::string& usage,
                                            const boost::program_options::options_description& options,
                                            const std::vector<std::string>& args);
struct HelpShown {};

}  // namespace skipbench::cli
