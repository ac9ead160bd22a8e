// What decides a run's numbers beside its config and the model's weights: every file that it reads, by its SHA-256.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/experiment/plan/plan.h"

namespace skipbench {

// For RunHeader::inputs; store/README.md lists the parts. Of a folder the hash is over its files' names and hashes,
// hidden files and what copying leaves behind (__MACOSX, lock.mdb) aside. Reads every file once; throws Error naming
// one that cannot be read.
std::map<std::string, InputFile> HashInputs(const Plan& plan);

// The input "data.images": of the pictures that samples start from; the same file may serve several.
std::string HashOfStartImages(std::span<const Sample> samples);

// For RunHeader::path_keys: the places in `expanded_config` that hold paths of what HashInputs() and the model's files
// cover.
std::vector<std::string> PathKeys(const Plan& plan, const Json& expanded_config);

}  // namespace skipbench
