// "published" in a config: rows of others' numbers (harness/store/published.h), or files of them.
#pragma once

#include <vector>

#include "harness/experiment/config/config.h"
#include "harness/store/published.h"

namespace skipbench {

// A file's path relative to `folder`, a row, or a list of both; a file holds a list of rows. Throws Error naming file,
// row and key.
std::vector<PublishedRow> ReadPublishedConfig(const JsonReader& config, const std::filesystem::path& folder);

// What rows say of settings that the experiment has not, for people.
std::vector<std::string> NotesOnPublished(const ExperimentConfig& config);

}  // namespace skipbench
