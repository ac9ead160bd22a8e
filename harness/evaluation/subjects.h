// What `skipbench metrics A [B]` measures: a collection, or every setting of a result, each against its reference.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/evaluation/comparison.h"

namespace skipbench {

struct SubjectOptions {
  std::vector<MetricRequest> requests = {};
  MetricNetworks networks = {};
  PictureSetOptions collections = {};
  ComparisonOptions comparison = {};
  SetOptions sets = {};
  OpenOptions reading = {};
  std::vector<std::string> settings = {};  // of a result: those with these labels; empty: all
  std::filesystem::path save_stats = {};   // A's statistics are written there; empty: they are not
  bool keep_features = false;              // with the features themselves
};

// A folder or file, or a setting of a result. A reference may be shared by several.
struct Subject {
  std::string label = {};  // of a setting
  ComparedSet set = {};
  const ComparedSet* reference = nullptr;  // null: none
  int place = -1;                          // of the reference in A's own settings; -1: B
  bool is_reference = false;               // of A's own settings
};

struct Subjects {
  std::string pictures, reference;        // what is compared with what, for people
  std::unique_ptr<ResultReader> a, b;     // null: no result
  std::map<int, ComparedSet> references;  // by place
  std::vector<Subject> all;
};

// The values of all `requests`, in their order: means over samples with their intervals, metrics of sets, and one that
// is not available for each whose weights are missing or that could not be met.
std::vector<MeasuredValue> ReportValues(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                        const MetricNetworks& networks, const SetOptions& options,
                                        const std::string& subject);

// What pictures were asked to show, by the pictures' names. From captions in MS-COCO's format: the first caption (by
// annotation id) of each image, under its file's name without extension and under its id in six digits. Throws Error
// naming the file and the place.
std::map<std::string, std::string> ReadCaptionsByName(const std::filesystem::path& path);

bool IsResult(const std::filesystem::path& path);

// `inputs`: A, and B or nothing. Of a result every setting is a subject, against B or its own reference setting, which
// is then a subject itself for what needs none. Throws Error naming the path or the setting.
Subjects OpenSubjects(const std::vector<std::string>& inputs, const SubjectOptions& options);

// Why requests cannot be met that no subject can meet; found before anything is read. Error when nothing is left to
// measure.
std::vector<std::string> FindUnmetRequests(const Subjects& subjects, const SubjectOptions& options);

struct SubjectValues {
  std::vector<MeasuredValue> values;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, SampleTable>> samples;  // by subject
};
SubjectValues MeasureSubjects(const Subjects& subjects, const SubjectOptions& options);

}  // namespace skipbench
