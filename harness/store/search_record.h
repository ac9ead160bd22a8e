// What a search for skip paths leaves in a results file: the paths it found, and the error of every path it tried.
//
//   /search_<k>_<first>   search k of the run, over the samples from number <first> of the plan on. Attributes: search
//                         ("greedy"), scope ("sample" or "shared"), settings (indices that run its paths), evaluations,
//                         naive_evaluations, paths, seconds; error_units ("L2 of the final latent")
//     sample              [samples] ids of the samples searched on
//     latent_norm         [samples] L2 norm of the full path's final latent; errors over it are relative
//     family              [subjects, skips, calls] u8: the best path found with each number of skips (1 predict, 0
//                         reuse); all 0 where the search did not get so far. A subject is a sample, or all of them for
//                         a shared path
//     family_error        [subjects, skips] its error; NaN where there is none
//     message             [subjects] why a family ended early or is missing, else ""
//     tried_sample        [tried] id; tried_path [tried, calls] u8; tried_error [tried] (+inf: not a finite latent)
#pragma once

#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/store/records.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct SearchRecord {
  std::string search;
  bool shared = false;
  std::vector<int64_t> settings;      // indices into RunHeader::settings
  std::vector<int64_t> samples;       // ids
  std::vector<double> latent_norm;    // [samples]
  Array<uint8_t> family;              // [subjects, skips, calls]
  Array<double> family_error;         // [subjects, skips]
  std::vector<std::string> message;   // [subjects]
  std::vector<int64_t> tried_sample;  // [tried] ids
  Array<uint8_t> tried_path;          // [tried, calls]
  std::vector<double> tried_error;    // [tried]
  int64_t evaluations = 0, naive_evaluations = 0;
  double seconds = 0;

  int64_t calls() const { return family.shape.at(2); }
  // Paths of a subject: 1 + the number of skips it got to; 0 when its search failed.
  int64_t PathCount(int64_t subject) const;
};

inline constexpr const char* kSearchPrefix = "search_";
std::string SearchName(int search, int64_t first_ordinal);

void WriteSearch(hdf5::Group& group, const SearchRecord& record);
// Error naming the file and what does not fit.
SearchRecord ReadSearch(const hdf5::Group& group);
// All of a result's, in the order of their names.
std::vector<SearchRecord> ReadSearches(const ResultReader& result);

}  // namespace skipbench
