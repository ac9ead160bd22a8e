#include "harness/schedulers/options.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace skipbench {
namespace {

const Json& OrEmpty(const Json& object) {
  static const Json empty = Json::object();
  return object.is_null() ? empty : object;
}

}  // namespace

SchedulerOptions::SchedulerOptions(std::string type, const Json& config, const Json& overrides, const std::string& origin)
    : type_(std::move(type)),
      config_(OrEmpty(config), origin),
      overrides_(OrEmpty(overrides), fmt::format("options of scheduler {}", type_)) {
  overrides_.Ignore("type");
}

const JsonReader& SchedulerOptions::SourceOf(const std::string& key) const {
  return overrides_.Find(key) ? overrides_ : config_;   // an explicit null of the user asks for the default
}

template <typename Value>
Value SchedulerOptions::Note(const std::string& key, Value value) const {
  const OptionSource source = !Has(key) ? OptionSource::kDefault : IsOverride(key) ? OptionSource::kUser : OptionSource::kFile;
  in_force_[key] = {key, value, source};
  return value;
}

int64_t SchedulerOptions::Int(const std::string& key, int64_t fallback, int64_t min, int64_t max) const {
  return Note(key, SourceOf(key).IntOr(key, fallback, min, max));
}
double SchedulerOptions::Double(const std::string& key, double fallback, double min, double max) const {
  return Note(key, SourceOf(key).DoubleOr(key, fallback, min, max));
}
bool SchedulerOptions::Bool(const std::string& key, bool fallback) const { return Note(key, SourceOf(key).BoolOr(key, fallback)); }
std::string SchedulerOptions::String(const std::string& key, const std::string& fallback) const {
  return Note(key, SourceOf(key).StringOr(key, fallback));
}

std::vector<double> SchedulerOptions::DoublesOr(const std::string& key, std::vector<double> fallback) const {
  const JsonReader& source = SourceOf(key);
  return Note(key, source.Has(key) ? source.Doubles(key) : std::move(fallback));
}

double SchedulerOptions::FileDouble(const std::string& key, double fallback, double min, double max) const {
  if (!config_.Has(key)) return fallback;
  const double value = config_.DoubleOr(key, fallback, min, max);
  in_force_[key] = {key, value, OptionSource::kFile};
  return value;
}

std::vector<SchedulerOption> SchedulerOptions::InForce() const {
  std::vector<SchedulerOption> all;
  for (const auto& [key, option] : in_force_) all.push_back(option);
  return all;
}

std::string SchedulerOptions::Choice(const std::string& key, const std::string& fallback,
                                     const std::vector<std::string>& supported) const {
  const std::string value = String(key, fallback);
  if (std::find(supported.begin(), supported.end(), value) == supported.end())
    FailUnsupportedAt(key, fmt::format("\"{}\" is not supported by {}; supported: {}", value, type_, fmt::join(supported, ", ")));
  return value;
}

bool SchedulerOptions::Has(const std::string& key) const { return SourceOf(key).Has(key); }
bool SchedulerOptions::IsOverride(const std::string& key) const { return overrides_.Has(key); }

const Json* SchedulerOptions::Find(const std::string& key) const { return SourceOf(key).Find(key); }

void SchedulerOptions::FailAt(const std::string& key, const std::string& what) const { SourceOf(key).FailAt(key, what); }

void SchedulerOptions::FailUnsupportedAt(const std::string& key, const std::string& what) const {
  const JsonReader& source = SourceOf(key);
  FailUnsupported("{}: {}: {}", source.file(), source.PathOf(key), what);
}

}  // namespace skipbench
