#include "harness/experiment/config/kept_config.h"

namespace skipbench {

const OptionTable<KeptConfig>& KeptTable() {
  static const OptionTable<KeptConfig> table(
      "keep",
      {Field<KeptConfig>("keep", &KeptConfig::what)
           .OneOf({"nothing", "reference", "all"})
           .Execution()
           .Help("reference: the outputs of full runs, below kept/ in the results folder; all: those of every setting "
                 "with a full run's schedule; `run --extend` goes on from them"),
       Field<KeptConfig>("keep_limit", &KeptConfig::limit)
           .Size()
           .Execution()
           .Help("most that kept/ may take; of the samples after that nothing is kept")});
  return table;
}

KeptConfig ReadKept(const Json& config, const std::string& file) {
  Json own = Json::object();
  for (const char* key : {"keep", "keep_limit"})
    if (config.contains(key)) own[key] = config[key];
  return KeptTable().Read(JsonReader(own, file));
}

}  // namespace skipbench
