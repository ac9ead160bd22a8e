// Samples that need no collection of pictures: lines of text, class labels, nothing but numbers.
#pragma once

#include <filesystem>

#include "datasets/dataset.h"

namespace skipbench {

// {"type": "prompts", "file": FILE} or {"type": "prompts", "prompts": ["...", ...]}, and "count", "offset", "seed".
// One prompt per line (UTF-8); the sample's id is the line's number from 0. Blank lines are no samples.
// "images": FOLDER pairs each line with FOLDER/<file name>, given in front of the prompt and separated by a tab.
Dataset ReadPrompts(const JsonReader& config, const std::filesystem::path& base_folder);

// {"type": "class_labels", "labels": [207, 360, ...] or "classes": 1000, "per_class": 1, "count", "offset", "seed"}:
// each label per_class times, in turn (ids 0, 1, 2 ... go through all labels before the first comes again).
Dataset ReadClassLabels(const JsonReader& config, const std::filesystem::path& base_folder);

// {"type": "unconditional", "count": n, "offset": m}: ids m .. m + n - 1, which key the noise; nothing else.
Dataset ReadUnconditional(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
