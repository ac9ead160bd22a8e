// What the reader of results makes of a well-formed HDF5 file that may hold anything: the input is the file as messages
// of plain data (message_file.h), each behind its length.
#include <cstring>

#include "harness/io/hdf5/hdf5.h"
#include "harness/store/result_reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  const auto path = fuzz::Folder() / "results.h5";
  return fuzz::Try([&] {
    hdf5::FileWriter file(path);
    fuzz::MessageFile builder(file);
    const std::string_view text = fuzz::Text(data, size);
    for (size_t at = 0; at + 2 <= size;) {
      const size_t length = std::min<size_t>(data[at] | size_t{data[at + 1]} << 8, size - at - 2);
      // What makes no sense of one message is no reason to leave out the rest.
      fuzz::Try([&] { builder.Take(text.substr(at + 2, length)); });
      at += 2 + length;
    }
    builder.Close();
    file.Commit();
    const ResultReader reader = ResultReader::Open(path, {.own = true});
    for (size_t k = 0; k < reader.header().settings.size(); ++k)
      for (const auto& column : reader.Columns(k)) {
        fuzz::Try([&] { reader.Read<double>(k, column.name); });
        fuzz::Try([&] { reader.Read<uint8_t>(k, column.name); });
        fuzz::Try([&] { reader.Read<std::string>(k, column.name); });
      }
  });
}
