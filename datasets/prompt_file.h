// Prompts in the forms in which prompt sets are published: lines of text, tables (CSV, TSV), JSON lists and JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

struct PromptRow {
  // From 0: of the line (text, JSON lines; blank ones count), of the record (tables, without the header; JSON). Of
  // COCO's and Karpathy's files: the image's id.
  int64_t number = 0;
  std::string prompt;
  std::string image;  // a file name; empty unless asked for
  std::string place;  // for messages: "list.txt:3", of tables and JSON "list.csv: record 2"; empty unless pictures are
                      // asked for
};

struct PromptFormat {
  std::string format;         // "text", "csv", "tsv", "json", "jsonl"; empty: by the file's extension
  std::string prompt_column;  // empty: the first of prompt, prompts, caption, text, sentence, description, prompt_en
                              // that there is, in any case
  std::string image_column;   // empty: the first of image, image_path, file_name, image_name that there is, in any case
  bool images = false;        // each row names a picture: a column, or in a text what stands before the first tab
  std::string split;          // of Karpathy's file: only this split
};

// The formats that `format` knows.
const std::vector<std::string>& PromptFormats();

// Rows with an empty prompt are no rows. By extension, in any case: .txt and .text are text, .csv, .tsv, .json, and
// .jsonl and .ndjson JSON lines; Error for another one where no format is given. JSON: a list of strings or of objects;
// an object that holds such a list under the prompts' name ({"prompts": [...]}), or one object for each key ({"0001":
// {"prompt": ...}}); what pandas' to_json writes, columns ({"Prompt": {"0": ...}}), "split", "table" and one column by
// itself, and lists as columns ({"Prompt": [...]}), in the only line of JSON lines too; JSON lines in a file called
// .json; COCO's annotation files and Karpathy's, of which each image
// gives its first caption. TSV: where `images` is set and the first line names no column for prompts, lines of a
// picture's name, a tab and the prompt. Throws Error naming the file and the line.
std::vector<PromptRow> ReadPromptFile(const std::filesystem::path& path, const PromptFormat& format);

}  // namespace skipbench
