#include "harness/base/options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "harness/base/did_you_mean.h"
#include "harness/base/json.h"

namespace skipbench {
namespace {

const std::map<std::string, double>& Units() {
  static const std::map<std::string, double> units = {{"B", 1},        {"KiB", 0x1p10}, {"MiB", 0x1p20},
                                                      {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"kB", 1e3},
                                                      {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
  return units;
}

// Bytes of "2GiB", "1.5 GB"; nothing if it is no size above 0.
std::optional<int64_t> ParseSize(const std::string& text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::erase(unit, ' ');
  const auto found = Units().find(unit);
  if (failure != std::errc() || found == Units().end() || !(number > 0) || number * found->second > 0x1p60)
    return std::nullopt;
  return static_cast<int64_t>(number * found->second);
}

std::string SizeText(int64_t bytes) {
  std::string text = fmt::format("{}B", bytes);
  for (const char* unit : {"KiB", "MiB", "GiB", "TiB"}) {
    if (bytes == 0 || bytes % 1024) break;
    text = fmt::format("{}{}", bytes /= 1024, unit);
  }
  return text;
}

// Of one element.
std::string WhyNotOne(const OptionSpec& spec, const Json& value) {
  const auto limit = [](const Json& json, auto none) { return json.is_null() ? none : json.get<decltype(none)>(); };
  switch (spec.kind) {
    case OptionKind::kBool:
      return value.is_boolean() ? "" : fmt::format("expected true or false, found {}", Describe(value));
    case OptionKind::kInteger:
      return WhyNotInt(value, limit(spec.min, int64_t{INT64_MIN}), limit(spec.max, int64_t{INT64_MAX}));
    case OptionKind::kNumber: return WhyNotDouble(value, limit(spec.min, -HUGE_VAL), limit(spec.max, HUGE_VAL));
    case OptionKind::kText: return value.is_string() ? "" : fmt::format("expected a string, found {}", Describe(value));
    case OptionKind::kSize:
      if (spec.plain_unit && value.is_number()) return WhyNotInt(value, 1, (int64_t{1} << 60) / spec.plain_unit);
      if (value.is_string() && ParseSize(value.get<std::string>())) return "";
      return fmt::format(
          "expected a size above 0 with a unit (KiB, MiB, GiB, TiB, kB, MB, GB, TB), like \"2GiB\"{}; found {}",
          spec.plain_unit ? fmt::format(", or a number of {}", SizeText(spec.plain_unit).substr(1)) : "",
          Describe(value));
    case OptionKind::kOther: break;
  }
  return "";
}

std::string Shown(const Json& value) {
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> ChoiceNames(const OptionSpec& spec) {
  std::vector<std::string> names;
  for (const Json& choice : spec.choices) names.push_back(Shown(choice));
  return names;
}

// Why an element of the right kind is none of the choices.
std::string WhyNoChoice(const OptionSpec& spec, const Json& value, const std::string& owner) {
  if (spec.choices.empty() || std::find(spec.choices.begin(), spec.choices.end(), value) != spec.choices.end())
    return "";
  const auto names = ChoiceNames(spec);
  const std::string found = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (spec.supported)
    return fmt::format("{} is not supported{}; supported: {}", found, owner.empty() ? "" : " by " + owner,
                       fmt::join(names, ", "));
  return fmt::format("expected one of {}, found {}{}", fmt::join(names, ", "), found, DidYouMean(Shown(value), names));
}

// "an integer in [0, 1]" without the article, in the plural of a list.
std::string KindText(const OptionSpec& spec) {
  const auto limits = [&]() -> std::string {
    const bool least = !spec.min.is_null() && spec.min != INT32_MIN,
               most = !spec.max.is_null() && spec.max != INT32_MAX;
    if (least && most) return fmt::format(" in [{}, {}]", Shown(spec.min), Shown(spec.max));
    return least ? " >= " + Shown(spec.min) : most ? " <= " + Shown(spec.max) : "";
  };
  switch (spec.kind) {
    case OptionKind::kBool: return "true | false";
    case OptionKind::kInteger: return "integer" + limits();
    case OptionKind::kNumber: return "number" + limits();
    case OptionKind::kText: return "text";
    case OptionKind::kSize:
      return "size, \"2GiB\"" +
             (spec.plain_unit ? fmt::format(", or a number of {}", SizeText(spec.plain_unit).substr(1)) : "");
    case OptionKind::kOther: break;
  }
  return "object";
}

// The bytes of a size, the list of an element alone: what the member is set to.
Json Normal(const OptionSpec& spec, const Json& value) {
  if (spec.one_or_more && !value.is_array()) return Json::array({value});
  if (spec.kind != OptionKind::kSize) return value;
  return value.is_number() ? value.get<int64_t>() * spec.plain_unit : *ParseSize(value.get<std::string>());
}

Json ValueOf(const OptionFields::Erased& field, const void* options) {
  if (!field.get) return Json();
  const Json value = field.get(options);
  return field.spec.kind == OptionKind::kSize && !value.is_null() ? Json(SizeText(value.get<int64_t>())) : value;
}

}  // namespace

std::string OptionSpec::Allowed() const {
  if (!type.empty()) return type;
  std::string one = choices.empty() ? KindText(*this) : fmt::format("{}", fmt::join(ChoiceNames(*this), " | "));
  if (list && choices.empty()) one.insert(std::min(one.find(' '), one.size()), "s");
  return one_or_more ? fmt::format("list of {}, or one", one) : list ? "list of " + one : one;
}

std::string OptionSpec::WhyNot(const Json& value, const std::string& owner) const {
  const std::string why_not_one = WhyNotOne(*this, value);
  if (!list || (one_or_more && why_not_one.empty()))
    return why_not_one.empty() ? WhyNoChoice(*this, value, owner) : why_not_one;
  if (!value.is_array())
    return fmt::format("expected a list of {}, found {}",
                       kind == OptionKind::kInteger  ? "integers"
                       : kind == OptionKind::kNumber ? "numbers"
                                                     : "strings",
                       Describe(value));
  for (const Json& element : value) {
    std::string why = WhyNotOne(*this, element);
    if (why.empty()) why = WhyNoChoice(*this, element, owner);
    if (!why.empty()) return why + " in the list";
  }
  return "";
}

void OptionError::FailAt(const JsonReader& reader) const {
  if (unsupported_) FailUnsupported("{}: {}: {}", reader.file(), reader.PathOf(option_), why_);
  reader.FailAt(option_, why_);
}

void OptionFields::CheckTogether(const void* options, const std::function<bool(const Erased&)>& given) const {
  for (const Erased& field : fields_)
    if (field.applies && given(field) && !field.applies(options)) throw OptionError(field.spec.name, field.applies_not);
  for (const auto& rule : rules_) rule(options);
}

void OptionFields::CheckValue(const Erased& field, const Json& value) const {
  std::string why = field.spec.WhyNot(value, owner_);
  const bool unsupported = field.spec.supported && !why.empty() && WhyNotOne(field.spec, value).empty();
  if (why.empty() && field.check) why = field.check(value);
  if (!why.empty()) throw OptionError(field.spec.name, why, unsupported);
}

void OptionFields::Read(const Source& source, void* options) const {
  std::set<const Erased*> given;
  try {
    for (const Erased& field : fields_) {
      const OptionSpec& spec = field.spec;
      const JsonReader& reader = source(spec);
      const Json* value = reader.Find(spec.name);
      if (!value || value->is_null() || (field.absent && field.absent(*value))) {
        if (spec.required) reader.FailAt(spec.name, "missing");
        continue;
      }
      given.insert(&field);
      if (field.read_object) field.read_object(options, reader.Object(spec.name));
      if (!field.set) continue;
      CheckValue(field, *value);
      field.set(options, Normal(spec, *value));
    }
    CheckTogether(options, [&](const Erased& field) { return given.contains(&field); });
  } catch (const OptionError& e) {
    FailAt(source, e);
  }
}

void OptionFields::FailAt(const Source& source, const OptionError& error) const {
  for (const Erased& field : fields_)
    if (field.spec.name == error.option()) error.FailAt(source(field.spec));
  if (error.unsupported()) FailUnsupported("{}: {}", owner_, error.what());
  Fail("{}: {}", owner_, error.what());
}

void OptionFields::Validate(const void* options, const void* defaults) const {
  try {
    for (const Erased& field : fields_) {
      if (field.validate_object) field.validate_object(options);
      const Json value = ValueOf(field, options);
      if (value == ValueOf(field, defaults) && !field.spec.required) continue;
      if (!value.is_null())
        CheckValue(field, value);
      else if (field.spec.required && field.get)
        throw OptionError(field.spec.name, "missing");
    }
    CheckTogether(options, [&](const Erased& field) { return ValueOf(field, options) != ValueOf(field, defaults); });
  } catch (const OptionError& e) {
    if (e.unsupported()) FailUnsupported("{}: {}", owner_, e.what());
    Fail("{}: {}", owner_, e.what());
  }
}

std::vector<OptionSpec> OptionFields::List(const void* defaults) const {
  std::vector<OptionSpec> all;
  for (const Erased& field : fields_) {
    OptionSpec spec = field.spec;
    const Json value = ValueOf(field, defaults);
    const bool none = value.is_null() || (!value.is_number() && !value.is_boolean() && (value.empty() || value == ""));
    if (spec.fallback.empty() && !spec.required && !none) spec.fallback = Shown(value);
    all.push_back(spec);
    for (OptionSpec inner : field.inner) {
      inner.name = spec.name + "." + inner.name;
      all.push_back(std::move(inner));
    }
  }
  return all;
}

Json OptionFields::Write(const void* options, bool all) const {
  Json json = Json::object();
  for (const Erased& field : fields_) {
    const Json value = field.write_object           ? field.write_object(options, all)
                       : all || field.spec.recorded ? ValueOf(field, options)
                                                    : Json();
    if (!value.is_null() && !(field.write_object && value.empty())) json[field.spec.name] = value;
  }
  return json;
}

}  // namespace skipbench
