// One set against another, whatever either of them is: pictures, a statistics file, or features that a result keeps.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/picture_set.h"
#include "harness/evaluation/evaluate.h"
#include "harness/evaluation/statistics_file.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// One of the three is there.
struct ComparedSet {
  std::unique_ptr<PictureSet> pictures = nullptr;
  std::optional<StatisticsFile> statistics = {};
  struct Stored {
    const ResultReader* result = nullptr;
    size_t setting = 0;
  };
  std::optional<Stored> stored = {};  // the features of a result without pictures

  std::string description() const;
};

// A collection of pictures or clips (datasets/picture_set.h), or statistics. Throws Error naming the path.
ComparedSet OpenComparedSet(const std::filesystem::path& path, const PictureSetOptions& collections);
// What a result holds of a setting's samples: their pictures, or else their features. `result` must outlive it.
ComparedSet OpenComparedSet(const ResultReader& result, size_t setting);

struct ComparisonOptions {
  MeasureOptions measure = {};
  // Sets of which every picture has a partner of the same name in the other are compared as pairs, whatever else is
  // asked for; false: as if they were independent.
  bool pair = true;
  bool features_only = false;  // without a second set, the features that metrics of sets need
};

// The requests that cannot be met, and why, in a sentence that begins with the metric's name; reads names and headers
// only. `b`: null if there is none. Metrics without weights are left out.
std::map<std::string, std::string> FindUnmet(const ComparedSet& a, const ComparedSet* b,
                                             const std::vector<MetricRequest>& requests, const MetricNetworks& networks,
                                             const ComparisonOptions& options);

// Measures what can be measured (FindUnmet; `unmet` says the rest) and pairs the sets. `known`: b's features, if they
// have been measured already, in the order of its source; else null.
Measurement CompareSets(const ComparedSet& a, const ComparedSet* b, const std::vector<MetricRequest>& requests,
                        const MetricNetworks& networks, const ComparisonOptions& options,
                        const FeatureSets* known = nullptr);

// What is to be said of a comparison below its rows: what the sets say of themselves, which were compared as pairs, or
// why not, and which features are those of pictures in a statistics file.
std::vector<std::string> ComparisonNotes(const ComparedSet& a, const ComparedSet* b, const Measurement& measured,
                                         const std::vector<MetricRequest>& requests, const MetricNetworks& networks,
                                         const ComparisonOptions& options);

}  // namespace skipbench
