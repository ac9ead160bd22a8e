// Taking what an earlier result has: "run CONFIG --extend RESULT". A value is taken where everything that it depends on
// is the same there: the model's files, precision, seed, noise and prompts for all of them; of a setting its method's
// parameters, schedule, guidance and full run; of a sample its id, caption and label (of a group all of its members);
// of a metric the weights. The rest is measured on what the result has saved, or sampled.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/store/columns.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// One setting of a wave, as far as the result has it.
struct TakenSetting {
  bool taken = false;             // `stored` is there
  bool sampled = true;            // it has to be sampled, all the same or because it is not there
  std::set<std::string> missing;  // columns that `stored` lacks
  SettingWave stored;
  std::vector<at::Tensor> pictures, latents;  // [n], where they are needed; undefined where the sample was not done

  // Sampled because others need it: it has to come out as it is stored.
  bool checked() const { return taken && sampled && missing.empty(); }
};

struct TakenWave {
  std::vector<TakenSetting> settings;
};

class Extension {
 public:
  // `columns`: what each setting of the plan stores (ColumnsOf). Throws Error where RESULT cannot be read, or nothing
  // of it can be taken: names the first difference, with both values.
  Extension(const Plan& plan, const RunHeader& header, std::vector<std::vector<ColumnInfo>> columns,
            const std::vector<std::filesystem::path>& results);

  // The same samples in stretches of which the same is taken.
  std::vector<std::pair<int64_t, int64_t>> Cut(const std::vector<std::pair<int64_t, int64_t>>& waves) const;
  // The ordinals [begin, end) of such a stretch.
  TakenWave Take(int64_t begin, int64_t end) const;
  // How many (sample, setting) pairs of it are not sampled.
  int64_t Taken(int64_t begin, int64_t end) const;
  // Writes a taken setting's pictures, as far as the config wants them as files, below `out`.
  void CopyFiles(size_t setting, int64_t ordinal, const std::filesystem::path& out) const;

  const std::vector<std::string>& notes() const { return reader_.notes(); }
  // Where what is taken was made.
  const std::vector<Json>& environments() const { return reader_.environments(); }

 private:
  // What has to be at hand to measure something.
  struct Demand {
    bool picture = false, latent = false;                      // of the sample
    bool reference_picture = false, reference_latent = false;  // of its reference
  };
  struct Match {
    int from = -1;                  // the setting in RESULT; -1: none
    std::set<std::string> missing;  // columns
    bool measurable = true;         // all of `missing`, given what `demand` says
    Demand demand;
    bool pictures = false, latents = false;  // RESULT has saved them
    bool by_group = false;
  };
  struct Use {
    bool taken = false, sampled = true, pictures = false, latents = false;
  };

  void MatchSettings();
  void MatchSamples();
  void FindMissing(size_t k);
  void DropWithoutFiles(size_t k);
  Demand DemandOf(const std::set<std::string>* columns) const;
  bool Has(size_t setting, int64_t ordinal) const;
  std::vector<Use> Decide(int64_t ordinal) const;
  void RequireAnything() const;
  SettingWave Read(size_t setting, int64_t place, int64_t count) const;
  std::filesystem::path FindPicture(size_t setting, const std::string& kind, int64_t sample_id) const;

  const Plan& plan_;
  const RunHeader& header_;
  const std::vector<std::vector<ColumnInfo>> columns_;
  const std::vector<std::filesystem::path> results_;
  ResultReader reader_;
  std::vector<std::string> folder_names_;  // of the pictures of RESULT's settings
  std::vector<Match> matches_;             // of each setting
  std::vector<int64_t> places_;            // of each ordinal, in RESULT; -1: not there
  int64_t unit_ = 1;                       // consecutive samples that are taken together
  std::string why_;                        // the first reason why something does not fit
};

}  // namespace skipbench
