// What is missing for the configs that were looked at, each thing once, with all that is needed to get it.
#pragma once

#include <string>
#include <vector>

#include "harness/base/published_file.h"
#include "metrics/official_weights.h"

namespace skipbench::cli {

class MissingList {
 public:
  // `wanted_by`: the config's name.
  void Add(const PublishedFile& file, const std::string& wanted_by);
  void Add(const OfficialWeights& weights, const std::string& wanted_by);
  // What nothing is known of but its name and why it is missing.
  void AddUnknown(const std::string& name, const std::string& why, const std::string& wanted_by);
  bool empty() const { return items_.empty(); }
  std::string Render() const;

 private:
  struct Item {
    std::string name;
    std::vector<std::pair<std::string, std::string>> facts;  // label, text
    std::vector<std::string> wanted_by;
  };
  void Add(Item item, const std::string& wanted_by);

  std::vector<Item> items_;  // in the order in which they were found
  bool metric_weights_ = false;
};

}  // namespace skipbench::cli
