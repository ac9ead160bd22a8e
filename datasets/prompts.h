// Samples that need no collection of pictures: lines of text, class labels, nothing but numbers.
#pragma once

#include <filesystem>

#include "datasets/dataset.h"

namespace skipbench {

// {"type": "prompts", "file": FILE} or {"type": "prompts", "prompts": ["...", ...]}, and "count", "offset", "seed".
//   format         "text": one prompt a line (UTF-8); "csv", "tsv": with a header; "json": a list of strings or objects, or captions of COCO;
//                  "jsonl": one object (or string) a line; default: by the extension, in any case; see prompt_file.h
//   prompt_column  of tables and JSON (default: prompt, prompts, caption, text, sentence, description or prompt_en, whichever is there)
//   split          of Karpathy's dataset_coco.json: "train", "restval", "val" or "test" (default: all of them)
//   images         FOLDER: each prompt goes with a picture in it, named by the column image_column (default: image, image_path,
//                  file_name or image_name); in a text by what stands before the first tab of a line. The pictures of the
//                  samples taken are read once, to see that they can be; errors name the list, the line and the picture
// The sample's id is the number of the line or record, from 0, of COCO's captions the image's id. Empty prompts are no samples.
Dataset ReadPrompts(const JsonReader& config, const std::filesystem::path& base_folder);

// {"type": "class_labels", "labels": [207, 360, ...] or "classes": 1000, "per_class": 1, "count", "offset", "seed"}:
// each label per_class times, in turn (ids 0, 1, 2 ... go through all labels before the first comes again).
Dataset ReadClassLabels(const JsonReader& config, const std::filesystem::path& base_folder);

// {"type": "unconditional", "count": n, "offset": m, "reference": FOLDER OR FILE}: ids m .. m + n - 1, which key the noise.
Dataset ReadUnconditional(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
