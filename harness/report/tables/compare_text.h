// Comparisons as text: of two results, and of the settings of one.
#pragma once

#include <string>

#include "harness/analysis/compare.h"
#include "harness/analysis/paired_table.h"

namespace skipbench {

// For people, as a CI job shows it.
std::string RenderMarkdown(const Comparison& comparison, const CompareOptions& options);
std::string RenderJson(const Comparison& comparison);
// For CI servers: a JUnit test suite with a test case for each setting. A regression is a failure, what cannot be
// compared an error, what is inconclusive skipped; all of them say why.
std::string RenderJunit(const Comparison& comparison);

// Differences between settings.
std::string RenderPairedMarkdown(const PairedTable& table);
// For programs, all digits.
std::string RenderPairedCsv(const PairedTable& table);
std::string RenderPairedJson(const PairedTable& table);

}  // namespace skipbench
