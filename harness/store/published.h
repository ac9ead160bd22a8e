// Numbers that others published, which a result carries beside its own: the key "published" of a config. In the
// header's expanded_config they stand as a list of objects with the keys below; results without them have none.
#pragma once

#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/store/records.h"

namespace skipbench {

struct PublishedRow {
  std::string method;           // "DeepCache"
  std::string model;            // "stable-diffusion-v1-5"
  std::string metric;           // a column of the table ("psnr", "speed_up"), or any other words
  double value = 0;             // finite, in `unit`
  std::string unit = {};        // "x", "s"; empty: a pure number
  std::string bound = "exact";  // exact | about | at_least | at_most: what the source says of the value
  std::string source = {};      // an https address
  std::string note = {};        // how it was measured: "NVIDIA RTX A5000, 50 steps"
  std::string setting = {};     // the label of the run's setting that it is of; empty: of none
};

// The keys of a row.
const OptionTable<PublishedRow>& PublishedTable();

// The rows of a list. `file` and `place` ("published"; of a file that is the list empty) begin messages: Error naming
// file, row and key, what was found and what is expected.
std::vector<PublishedRow> ReadPublished(const Json& list, const std::string& file, const std::string& place);
// As a list of objects with all keys.
Json ToJson(const std::vector<PublishedRow>& rows);

// The rows that a result carries. Throws Error for what ReadPublished refuses.
std::vector<PublishedRow> PublishedOf(const RunHeader& header);

}  // namespace skipbench
