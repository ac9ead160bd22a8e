// Prompts in the forms in which prompt sets are published: lines of text, CSV, JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

struct PromptRow {
  int64_t number = 0;          // from 0: of the line (text, JSON lines; blank ones count), of the record (CSV, without its header)
  std::string prompt;
  std::string image;           // a file name; empty unless asked for
  std::string place;           // for messages: "list.txt:3", of CSV "list.csv: record 2"; empty unless pictures are asked for
};

struct PromptFormat {
  std::string format;          // "text", "csv", "jsonl"; empty: by the file's extension (.csv, .jsonl, else text)
  std::string prompt_column;   // empty: the first of prompt, caption, text, sentence, description that there is
  std::string image_column;    // empty: the first of image, image_path, file_name, image_name that there is
  bool images = false;         // each row names a picture: a column, or in a text what stands before the first tab
};

// Rows with an empty prompt are no rows. Throws Error naming the file and the line for files that are not there, are not what the
// format says, or lack a column (with the columns that there are).
std::vector<PromptRow> ReadPromptFile(const std::filesystem::path& path, const PromptFormat& format);

}  // namespace skipbench
