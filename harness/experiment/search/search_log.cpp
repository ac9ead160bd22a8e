#include "harness/experiment/search/search_log.h"

#include <cmath>
#include <limits>

#include "harness/base/json.h"

namespace skipbench {

SearchLog::SearchLog(const std::filesystem::path& path, const std::string& search, int calls, std::vector<int64_t> ids)
    : path_(path), file_(path), calls_(calls), ids_(std::move(ids)) {
  for (size_t i = 0; i < ids_.size(); ++i) number_of_[ids_[i]] = static_cast<int>(i);
  const std::string head = Json{{"search", search}, {"calls", calls}, {"samples", ids_}}.dump();
  const auto& lines = file_.lines();
  if (lines.empty()) {
    file_.Append(head + "\n");
    return;
  }
  if (lines[0] != head) Fail("{}: belongs to another search: {} there, {} here", path.string(), lines[0], head);
  for (size_t i = 1; i < lines.size(); ++i) Read(lines[i], static_cast<int>(i + 1));
}

void SearchLog::Read(const std::string& line, int number) {
  const std::string where = fmt::format("{}:{}", path_.string(), number);
  const Json json = ParseJson(line, where);
  const JsonReader reader(json, where);
  if (reader.Has("evaluations")) {
    cost_.evaluations += reader.Int("evaluations", 0);
    cost_.naive_evaluations += reader.Int("naive_evaluations", 0);
    cost_.seconds += reader.Double("seconds", 0);
    return;
  }
  const int64_t id = reader.Int("sample");
  const auto found = number_of_.find(id);
  if (found == number_of_.end()) Fail("{}: sample {} is none of this search", where, id);
  if (reader.Has("norm")) {
    norms_[found->second] = reader.Double("norm");
    return;
  }
  Mask mask;
  for (const char entry : reader.String("path")) mask.push_back(entry == '1');
  if (static_cast<int>(mask.size()) != calls_)
    Fail("{}: the path has {} entries, the run makes {} scheduler calls", where, mask.size(), calls_);
  errors_[{found->second, std::move(mask)}] =
      reader.Has("error") ? reader.Double("error") : std::numeric_limits<double>::infinity();
}

void SearchLog::Add(std::span<const PathQuery> queries, std::span<const double> errors,
                    const PathEvaluatorCost& total) {
  PathEvaluatorCost more = total;
  more.evaluations -= counted_.evaluations;
  more.naive_evaluations -= counted_.naive_evaluations;
  more.seconds -= counted_.seconds;
  counted_ = total;
  cost_.evaluations += more.evaluations;
  cost_.naive_evaluations += more.naive_evaluations;
  cost_.seconds += more.seconds;
  // The cost first: of answers that a crash tears off it was spent all the same.
  std::string lines =
      Json{{"evaluations", more.evaluations}, {"naive_evaluations", more.naive_evaluations}, {"seconds", more.seconds}}
          .dump() +
      "\n";
  for (size_t i = 0; i < queries.size(); ++i) {
    if (!errors_.emplace(queries[i], errors[i]).second) continue;
    const Json error = std::isfinite(errors[i]) ? Json(errors[i]) : Json();
    lines += fmt::format("{{\"sample\":{},\"path\":\"{}\",\"error\":{}}}\n", ids_[queries[i].sample],
                         ToString(queries[i].mask), error.dump());
  }
  file_.Append(lines);
}

void SearchLog::AddNorms(const std::vector<double>& norms) {
  std::string lines;
  for (size_t i = 0; i < norms.size(); ++i)
    if (norms_.emplace(static_cast<int>(i), norms[i]).second)
      lines += Json{{"sample", ids_[i]}, {"norm", norms[i]}}.dump() + "\n";
  file_.Append(lines);
}

const double* SearchLog::Find(const PathQuery& query) const {
  const auto found = errors_.find(query);
  return found == errors_.end() ? nullptr : &found->second;
}

std::vector<double> LoggedOracle::Errors(std::span<const PathQuery> queries) {
  std::vector<double> errors(queries.size());
  std::vector<PathQuery> unknown;
  std::vector<size_t> places;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (const double* known = log_.Find(queries[i])) {
      errors[i] = *known;
    } else {
      unknown.push_back(queries[i]);
      places.push_back(i);
    }
  }
  if (unknown.empty()) return errors;
  const std::vector<double> answers = inner_.Errors(unknown);
  for (size_t k = 0; k < places.size(); ++k) errors[places[k]] = answers[k];
  return errors;
}

}  // namespace skipbench
