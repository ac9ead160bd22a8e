#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "harness/cli/commands.h"

namespace skipbench::cli {
namespace {

namespace po = boost::program_options;

// "--out", "--resume", ...; what positional arguments become has no name on the command line.
Texts OptionNames(const po::options_description& options) {
  Texts names;
  for (const auto& option : options.options())
    if (option->long_name() != "input") names.push_back("--" + option->long_name());
  return names;
}

// What a value is called: as the usage line has it ("--out DIR"), else by its type.
std::string ValueName(const std::string& usage, const std::string& name, const po::value_semantic* value) {
  const std::string before = "--" + name + " ";
  if (const size_t at = usage.find(before); at != std::string::npos) {
    const size_t begin = at + before.size();
    const size_t end = usage.find_first_of(" ][", begin);
    if (std::isupper(static_cast<unsigned char>(usage[begin]))) return usage.substr(begin, end - begin);
  }
  if (dynamic_cast<const po::typed_value<double>*>(value)) return "X";
  if (dynamic_cast<const po::typed_value<int>*>(value) || dynamic_cast<const po::typed_value<int64_t>*>(value))
    return "N";
  return "TEXT";
}

// "markdown" of "arg (=markdown)".
std::string DefaultOf(const po::value_semantic& value) {
  const std::string name = value.name();
  const size_t begin = name.find("(="), end = name.rfind(')');
  return begin == std::string::npos || end < begin ? "" : name.substr(begin + 2, end - begin - 2);
}

// "format" of "format,f".
std::string LongName(const Option& option) { return option.name.substr(0, option.name.find(',')); }

// What a value should have been.
std::string Expected(const Option& option) {
  if (dynamic_cast<const po::typed_value<double>*>(option.value)) return "expected a number";
  if (dynamic_cast<const po::typed_value<int>*>(option.value) ||
      dynamic_cast<const po::typed_value<int64_t>*>(option.value))
    return "expected a whole number";
  return "expected another value";
}

// Error for a value that is there and says nothing, which a command would take for an option that is not there.
void RefuseEmpty(const std::string& command, const std::vector<Option>& options, const po::variables_map& values) {
  for (const auto& option : options) {
    const std::string name = LongName(option);
    if (name == "input" || !values.contains(name) || values[name].defaulted()) continue;
    const auto& value = values[name].value();
    const auto* text = boost::any_cast<std::string>(&value);
    const auto* texts = boost::any_cast<Texts>(&value);
    if ((text && text->empty()) || (texts && std::ranges::find(*texts, "") != texts->end()))
      Fail("skipbench {}: --{}: expected {}, found nothing", command, name,
           option.choices.empty() ? "a value" : fmt::format("one of {}", fmt::join(option.choices, ", ")));
  }
}

HelpWanted Describe(const std::string& command, const std::string& usage, const std::vector<Option>& options) {
  HelpWanted help{.command = command, .usage = {usage}, .options = {}};
  for (const auto& [name, value, text, choices] : options) {
    const size_t comma = name.find(',');
    const bool takes_value = value->max_tokens() > 0;
    HelpWanted::Line line{.name = name.substr(0, comma),
                          .letter = comma == std::string::npos ? '\0' : name[comma + 1],
                          .takes_value = takes_value,
                          .value = "",
                          .fallback = takes_value ? DefaultOf(*value) : "",
                          .choices = choices,
                          .help = text};
    if (takes_value) line.value = choices.empty() ? ValueName(usage, line.name, value) : "WHICH";
    help.options.push_back(std::move(line));
  }
  return help;
}

}  // namespace

std::string Values::Choice(const char* name, const Texts& choices, const char* expected) const {
  const std::string value = Get<std::string>(name);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  Fail("skipbench {}: --{}: {} {} or {}, found \"{}\"{}", command_, name, expected,
       fmt::join(choices.begin(), choices.end() - 1, ", "), choices.back(), value, DidYouMean(value, choices));
}

Values Parse(const std::string& command, const std::string& usage, const std::vector<Option>& list, const Texts& args) {
  po::options_description options("options"), all("options");
  for (const auto& option : list) options.add_options()(option.name.c_str(), option.value, option.help.c_str());
  all.add(options).add_options()("help,h", "show this");
  po::positional_options_description positional;
  positional.add("input", -1);
  po::variables_map values;
  // Wanted in whatever company: what else is wrong with the arguments may be why.
  const bool wanted =
      std::ranges::any_of(args.begin(), std::find(args.begin(), args.end(), "--"),
                          [](const std::string& argument) { return argument == "--help" || argument == "-h"; });
  if (wanted) throw Describe(command, usage, list);
  try {
    // "--overwrit" is a mistake, and not what it may have been meant for.
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(args).options(all).positional(positional).style(style).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& e) {
    Fail("skipbench {}: {}{}\nusage: skipbench {}", command, e.what(),
         DidYouMean(e.get_option_name(), OptionNames(all)), usage);
  } catch (const po::validation_error& e) {
    const std::string given = e.get_option_name();  // "--width"
    const auto option = std::ranges::find(list, given, [](const Option& one) { return "--" + LongName(one); });
    Fail("skipbench {}: {}{}\nusage: skipbench {}", command, e.what(),
         option == list.end() ? "" : "; " + Expected(*option), usage);
  } catch (const po::error& e) {
    Fail("skipbench {}: {}\nusage: skipbench {}", command, e.what(), usage);
  }
  RefuseEmpty(command, list, values);
  return {command, std::move(values)};
}

}  // namespace skipbench::cli
