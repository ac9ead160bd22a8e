#include "datasets/prompt_file.h"
#include "tests/fuzz/fuzz.h"

// The first byte chooses the format.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  if (size == 0) return 0;
  const char* formats[] = {"text", "csv", "jsonl", "json", "tsv"};
  PromptFormat format;
  format.format = formats[data[0] % 5];
  format.images = data[0] & 64;
  if (data[0] & 128) format.prompt_column = "0";
  fuzz::Write("prompts", fuzz::Text(data + 1, size - 1));
  return fuzz::Try([&] { ReadPromptFile(fuzz::Folder() / "prompts", format); });
}
