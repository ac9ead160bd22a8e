// What is generated: a list of samples, read from files and checked as a whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/base/sample.h"

namespace skipbench {

class PictureSet;

class Dataset {
 public:
  // Orders the samples by id. Throws Error when ids repeat or are negative. `name` is the catalog's ("coco");
  // `description` says which samples of which file these are, for the results and for people.
  Dataset(std::string name, std::string description, std::vector<Sample> samples);

  const std::string& name() const { return name_; }
  const std::string& description() const { return description_; }
  const std::vector<Sample>& samples() const { return samples_; }  // by ascending id

  // What a distribution of generated pictures is compared with: a folder of pictures, a collection that OpenPictureSet
  // reads, or a file of statistics. Throws Error when it is not there.
  void SetReference(std::filesystem::path reference);
  const std::optional<std::filesystem::path>& reference() const { return reference_; }

  // The lists that the samples were read from, by the config's keys ("file", "captions", "names").
  void SetList(const std::string& key, std::filesystem::path file) { lists_[key] = std::move(file); }
  const std::map<std::string, std::filesystem::path>& lists() const { return lists_; }

 private:
  std::string name_;
  std::string description_;
  std::vector<Sample> samples_;
  std::optional<std::filesystem::path> reference_;
  std::map<std::string, std::filesystem::path> lists_;
};

// The description and the first samples, one line each, to look at before a run.
std::string Preview(const Dataset& dataset, size_t count = 5);

// Which part of the data. Without a seed, samples offset to offset + count - 1 in order of id; with one, those of a
// random permutation that depends on the seed and the ids alone, so that consecutive offsets give disjoint random
// subsets on every machine.
struct Subset {
  std::optional<int64_t> count;
  int64_t offset = 0;
  std::optional<uint64_t> seed;
};
OptionTable<Subset> SubsetTable();
// Positions (ascending) that the subset takes of `size` things in order of id. Throws OptionError when there are not
// that many.
std::vector<size_t> Select(const Subset& subset, size_t size);
// "16 of 500", "16 of 500 from 100", "16 of 500, drawn with seed 3".
std::string Describe(const Subset& subset, size_t selected, size_t size);

// A generator for a round or sample of its own: what it draws does not depend on how many there are.
std::mt19937_64 GeneratorOf(uint64_t seed, int64_t number);

// `path` as a config means it: relative to the config's folder, or else to one of the folders that the environment
// variable SKIPBENCH_DATA lists, separated by colons. Where none has it, the one beside the config, for messages.
std::filesystem::path ResolvePath(const std::string& path, const std::filesystem::path& base_folder);
std::optional<std::filesystem::path> ResolvePath(const std::optional<std::string>& path,
                                                 const std::filesystem::path& base_folder);

// Samples that are nothing but numbers.
struct NumberOptions {
  std::optional<int64_t> count;  // absent: as many as there are pictures
  int64_t offset = 0;
};
OptionTable<NumberOptions> NumberTable();

// The ids offset .. offset + count - 1, with the collection of pictures in `path` as the reference.
Dataset NumberedSamples(const std::string& name, const NumberOptions& options, const std::filesystem::path& path,
                        const PictureSet& pictures);

}  // namespace skipbench
