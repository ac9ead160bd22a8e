// Options, each declared once: a table over a plain struct reads them from JSON, checks structs built in C++, lists
// them, and writes them out. Defaults are the struct's member initialisers.
//
//   struct SteadyOptions { double delta = 0.05; };
//   const OptionTable<SteadyOptions> table("steady", {
//       Field("delta", &SteadyOptions::delta).Min(0).Max(2).Help("share by which the prediction may have moved")});
//   SteadyOptions options = table.Read(json);  // "my.json: methods[1].delta: expected a number in [0, 2], found ..."
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

enum class OptionKind {
  kBool,
  kInteger,
  kNumber,
  kText,
  kSize,   // bytes: a text like "2GiB"
  kOther,  // read by code of its own
};

// What there is to know about an option, whichever struct holds it.
struct OptionSpec {
  std::string name;  // "delta"; inside of an object "latency.samples"
  OptionKind kind = OptionKind::kOther;
  bool list = false;               // the value is a list; where it is not, a list is a sweep
  bool one_or_more = false;        // a list, or its only element alone
  Json min = {}, max = {};         // of numbers, of each element of a list; null: no limit
  std::vector<Json> choices = {};  // the values there are; none: all of the kind
  bool supported = false;          // a value that is no choice makes sense elsewhere: it is an UnsupportedError
  int64_t plain_unit = 0;          // of a size: the bytes that a plain number counts; 0: a unit has to be given
  std::string type = {};           // what is allowed, for people; "": what kind, limits and choices say
  std::string fallback = {};       // the default, for people; "": there is none
  std::string help = {};           // one line
  bool required = false;
  bool threshold = false;  // the threshold of a method's criterion is proportional to it
  bool recorded = false;   // results record its value where nobody gives it
  bool execution = false;  // changes how a run goes, not what it computes
  bool from_file = false;  // counts where a model's file gives it; users do not

  // "integer in [1, 1000]", "published | tensor".
  std::string Allowed() const;
  // Why `value` is not allowed, "expected an integer in [1, 1000], found "x" (a string)"; "" where it is. `owner`: what
  // it is an option of.
  std::string WhyNot(const Json& value, const std::string& owner = "") const;
};

// A value that does not fit the others or the run. Whoever knows where it was given names the place (FailAt).
class OptionError : public Error {
 public:
  OptionError(std::string option, const std::string& why, bool unsupported = false)
      : Error(option + ": " + why), option_(std::move(option)), why_(why), unsupported_(unsupported) {}
  const std::string& option() const { return option_; }
  bool unsupported() const { return unsupported_; }
  // Throws an Error, or an UnsupportedError, that names file and key in `reader`.
  [[noreturn]] void FailAt(const JsonReader& reader) const;

 private:
  std::string option_, why_;
  bool unsupported_;
};

template <typename... Args>
[[noreturn]] void FailOption(const std::string& option, fmt::format_string<Args...> format, Args&&... args) {
  throw OptionError(option, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
[[noreturn]] void FailUnsupportedOption(const std::string& option, fmt::format_string<Args...> format, Args&&... args) {
  throw OptionError(option, fmt::format(format, std::forward<Args>(args)...), /*unsupported=*/true);
}

// What a table does, without the struct's type: `options` points at one.
class OptionFields {
 public:
  struct Erased {
    OptionSpec spec;
    std::function<Json(const void*)> get = {};           // null: has no value
    std::function<void(void*, const Json&)> set = {};    // none: read by code beside the table
    std::function<bool(const Json&)> absent = {};        // values that mean the same as null
    std::function<std::string(const Json&)> check = {};  // further conditions: why not, or ""
    std::function<bool(const void*)> applies = {};
    std::string applies_not = {};  // why the option may not be given where `applies` is false
    // Of an option whose value is an object with options of its own: these, and how they are read, written and checked.
    std::vector<OptionSpec> inner = {};
    std::function<void(void*, const JsonReader&)> read_object = {};
    std::function<Json(const void*, bool all)> write_object = {};
    std::function<void(const void*)> validate_object = {};
  };

  // Where the value of each option stands.
  using Source = std::function<const JsonReader&(const OptionSpec&)>;

  const std::string& owner() const { return owner_; }
  void Read(const Source& source, void* options) const;
  // Throws `error` as an Error that names the place of its option; where that is no option of the table, the owner.
  [[noreturn]] void FailAt(const Source& source, const OptionError& error) const;
  void Validate(const void* options, const void* defaults) const;
  std::vector<OptionSpec> List(const void* defaults) const;
  Json Write(const void* options, bool all) const;
  const std::vector<Erased>& fields() const { return fields_; }

 protected:
  // What ties options together, of those that are `given`; throws OptionError.
  void CheckTogether(const void* options, const std::function<bool(const Erased&)>& given) const;
  void CheckValue(const Erased& field, const Json& value) const;

  std::string owner_;
  std::vector<Erased> fields_;
  std::vector<std::function<void(const void*)>> rules_;
};

template <typename Struct>
class OptionTable;

// One option: a member of the struct under its name, then, in any order, what it is like.
template <typename Struct>
class Field {
 public:
  template <typename Value>
  Field(std::string name, Value Struct::*member)
      : Field(std::move(name), [member](Struct& s) -> Value& { return s.*member; }) {}
  template <typename Inner, typename Value>
  Field(std::string name, Inner Struct::*inner, Value Inner::*member)
      : Field(std::move(name), [=](Struct& s) -> Value& { return s.*inner.*member; }) {}

  // An object with options of its own, in a member or in the same struct.
  template <typename Inner>
  Field(std::string name, Inner Struct::*member, const OptionTable<Inner>& table) {
    erased_.spec.name = std::move(name);
    erased_.inner = table.List();
    erased_.read_object = [member, table](void* s, const JsonReader& json) {
      static_cast<Struct*>(s)->*member = table.Read(json);
    };
    erased_.write_object = [member, table](const void* s, bool all) {
      return table.Write(static_cast<const Struct*>(s)->*member, all);
    };
    erased_.validate_object = [member, table](const void* s) {
      table.Validate(static_cast<const Struct*>(s)->*member);
    };
  }
  Field(std::string name, const OptionTable<Struct>& table) {
    erased_.spec.name = std::move(name);
    erased_.inner = table.List();
    erased_.read_object = [table](void* s, const JsonReader& json) { table.ReadInto(json, static_cast<Struct*>(s)); };
    erased_.write_object = [table](const void* s, bool all) {
      return table.Write(*static_cast<const Struct*>(s), all);
    };
    erased_.validate_object = [table](const void* s) { table.Validate(*static_cast<const Struct*>(s)); };
  }

  // An option that code beside the table reads; `spec` lists it.
  static Field ReadElsewhere(OptionSpec spec) {
    Field field;
    field.erased_.spec = std::move(spec);
    return field;
  }
  static Field ReadElsewhere(std::string name, std::string allowed) {
    Field field;
    field.erased_.spec.name = std::move(name);
    return field.Allowed(std::move(allowed));
  }
  template <typename Inner>
  static Field ReadElsewhere(std::string name, const OptionTable<Inner>& table) {
    Field field = ReadElsewhere(std::move(name), "object");
    field.erased_.inner = table.List();
    return field;
  }

  Field& Min(Json least) { return With(&OptionSpec::min, std::move(least)); }
  Field& Max(Json most) { return With(&OptionSpec::max, std::move(most)); }
  Field& OneOf(std::vector<Json> choices) { return With(&OptionSpec::choices, std::move(choices)); }
  // The values that are supported out of those that exist.
  Field& Supported(std::vector<Json> choices) { return With(&OptionSpec::supported, true).OneOf(std::move(choices)); }
  // The values of an enumeration (or bool) under their names.
  template <typename Value>
  Field& Names(std::vector<std::pair<const char*, Value>> names) {
    erased_.spec.kind = OptionKind::kText;
    for (const auto& [name, value] : names) erased_.spec.choices.emplace_back(name);
    erased_.get = [names, get = erased_.get](const void* s) {
      const Json value = get(s);
      for (const auto& [name, named] : names)
        if (value == Json(named)) return Json(name);
      return value;
    };
    erased_.set = [names, set = erased_.set](void* s, const Json& given) {
      for (const auto& [name, value] : names)
        if (given == name) set(s, Json(value));
    };
    return *this;
  }
  Field& Required() { return With(&OptionSpec::required, true); }
  Field& OneOrMore() { return With(&OptionSpec::one_or_more, true); }
  // An int64_t that counts bytes. `plain_unit`: what a number without a unit counts.
  Field& Size(int64_t plain_unit = 0) {
    return With(&OptionSpec::kind, OptionKind::kSize).With(&OptionSpec::plain_unit, plain_unit);
  }
  Field& Absent(std::function<bool(const Json&)> absent) { return erased_.absent = std::move(absent), *this; }
  Field& Check(std::function<std::string(const Json&)> why_not) { return erased_.check = std::move(why_not), *this; }
  // The option may only be given where `applies` holds of the others.
  Field& When(std::function<bool(const Struct&)> applies, std::string why_not) {
    erased_.applies = [applies = std::move(applies)](const void* s) { return applies(*static_cast<const Struct*>(s)); };
    erased_.applies_not = std::move(why_not);
    return *this;
  }
  Field& Threshold() { return With(&OptionSpec::threshold, true); }
  Field& Recorded() { return With(&OptionSpec::recorded, true); }
  Field& Execution() { return With(&OptionSpec::execution, true); }
  Field& FromFile() { return With(&OptionSpec::from_file, true); }
  Field& Allowed(std::string type) { return With(&OptionSpec::type, std::move(type)); }
  Field& Default(std::string fallback) { return With(&OptionSpec::fallback, std::move(fallback)); }
  Field& Help(std::string help) { return With(&OptionSpec::help, std::move(help)); }

  const OptionFields::Erased& erased() const { return erased_; }

 private:
  Field() = default;

  template <typename Access>
  requires std::is_lvalue_reference_v<std::invoke_result_t<Access, Struct&>> Field(std::string name, Access access) {
    using Value = std::remove_reference_t<std::invoke_result_t<Access, Struct&>>;
    erased_.spec.name = std::move(name);
    DescribeType<Value>();
    erased_.get = [access](const void* s) {
      return ToJson(access(*const_cast<Struct*>(static_cast<const Struct*>(s))));
    };
    erased_.set = [access](void* s, const Json& value) { FromJson(value, &access(*static_cast<Struct*>(s))); };
  }

  template <typename Value>
  void DescribeType() {
    OptionSpec& spec = erased_.spec;
    if constexpr (std::is_same_v<Value, Json>) {
      spec.kind = OptionKind::kOther;
    } else if constexpr (requires { typename Value::value_type; } && !std::is_constructible_v<std::string, Value>) {
      if constexpr (!requires { std::declval<Value>().has_value(); }) spec.list = true;
      DescribeType<typename Value::value_type>();
    } else if constexpr (std::is_same_v<Value, bool>) {
      spec.kind = OptionKind::kBool;
    } else if constexpr (std::is_integral_v<Value>) {
      spec.kind = OptionKind::kInteger;
      if constexpr (std::is_unsigned_v<Value>) spec.min = 0;
      if constexpr (std::is_same_v<Value, int>) spec.min = INT32_MIN, spec.max = INT32_MAX;
    } else if constexpr (std::is_floating_point_v<Value>) {
      spec.kind = OptionKind::kNumber;
    } else {
      spec.kind = OptionKind::kText;
    }
  }

  template <typename Value>
  static Json ToJson(const Value& value) {
    if constexpr (requires { value.has_value(); })
      return value ? Json(*value) : Json();
    else
      return value;
  }
  template <typename Value>
  static void FromJson(const Json& json, Value* value) {
    if constexpr (requires { value->has_value(); })
      *value = json.get<typename Value::value_type>();
    else
      *value = json.get<Value>();
  }

  template <typename Value>
  Field& With(Value OptionSpec::*member, Value value) {
    erased_.spec.*member = std::move(value);
    return *this;
  }

  OptionFields::Erased erased_;
};

// The options that a struct holds. `owner` is what they are options of, for messages: "adaptive_diffusion".
template <typename Struct>
class OptionTable : public OptionFields {
 public:
  OptionTable(std::string owner, std::vector<Field<Struct>> fields) {
    owner_ = std::move(owner);
    for (const auto& field : fields) fields_.push_back(field.erased());
  }

  // Adds the options that a member holds, as options of this struct.
  template <typename Inner>
  OptionTable& Include(Inner Struct::*member, const OptionTable<Inner>& table) {
    const auto of = [member](auto* s) {
      using Outer = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(s)>>, const Struct, Struct>;
      return &(static_cast<Outer*>(s)->*member);
    };
    const auto lift = [of](auto* function) {
      if (*function)
        *function = [of, inner = *function](auto* s, auto&&... rest) {
          return inner(of(s), std::forward<decltype(rest)>(rest)...);
        };
    };
    for (Erased field : table.fields()) {
      lift(&field.get);
      lift(&field.set);
      lift(&field.applies);
      lift(&field.read_object);
      lift(&field.write_object);
      lift(&field.validate_object);
      fields_.push_back(std::move(field));
    }
    for (const auto& rule : table.rules_) rules_.push_back([of, rule](const void* s) { rule(of(s)); });
    return *this;
  }

  // A condition on several options: throws OptionError (FailOption) where it does not hold.
  OptionTable& Rule(std::function<void(const Struct&)> rule) {
    rules_.push_back([rule = std::move(rule)](const void* s) { rule(*static_cast<const Struct*>(s)); });
    return *this;
  }

  // All options of an object; unknown keys are Errors, as are values that are not allowed. Keys that are no options are
  // told beforehand (JsonReader::Ignore).
  Struct Read(const JsonReader& reader) const {
    Struct options;
    ReadInto(reader, &options);
    return options;
  }
  void ReadInto(const JsonReader& reader, Struct* options) const {
    OptionFields::Read([&](const OptionSpec&) -> const JsonReader& { return reader; }, options);
    reader.RejectUnknownKeys();
  }
  // The same of several readers.
  Struct Read(const Source& source) const {
    Struct options;
    OptionFields::Read(source, &options);
    return options;
  }

  // Throws Error where Read() would, for a struct built in C++.
  void Validate(const Struct& options) const {
    const Struct defaults;
    OptionFields::Validate(&options, &defaults);
  }

  // Every option with its default.
  std::vector<OptionSpec> List() const {
    const Struct defaults;
    return OptionFields::List(&defaults);
  }

  // The values, by name: all, or those of the options that are `recorded`.
  Json Write(const Struct& options, bool all = true) const { return OptionFields::Write(&options, all); }

 private:
  template <typename>
  friend class OptionTable;
};

}  // namespace skipbench
