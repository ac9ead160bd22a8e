#include "harness/store/published.h"

#include <algorithm>

#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr size_t kLongest = 500;  // bytes

// Words that fit a cell.
std::string WhyNoWords(const Json& value) {
  const std::string& text = value.get_ref<const std::string&>();
  if (const std::string why = WhyNotText(text); !why.empty()) return "expected text, found " + why;
  const bool control = std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (text.size() <= kLongest && !control) return "";
  return fmt::format("expected text in one line of at most {} bytes, found {}", kLongest, Describe(value));
}

std::string WhyNoName(const Json& value) {
  return value.get_ref<const std::string&>().empty() ? "expected text, found an empty one" : WhyNoWords(value);
}

// It becomes a link of the page.
std::string WhyNoSource(const Json& value) {
  constexpr std::string_view kStart = "https://";
  const std::string& text = value.get_ref<const std::string&>();
  if (text.starts_with(kStart) && text.size() > kStart.size() && text[kStart.size()] != '/' &&
      text.find_first_of(" \"<>\\^`{|}") == std::string::npos)
    return WhyNoWords(value);
  return fmt::format("expected an address that begins with https://, found {}", Describe(value));
}

Field<PublishedRow> Words(const char* name, std::string PublishedRow::*member, const char* help) {
  return Field(name, member).Check(WhyNoWords).Help(help);
}

}  // namespace

const OptionTable<PublishedRow>& PublishedTable() {
  using Row = PublishedRow;
  static const OptionTable<Row> table(
      "published",
      {Field("method", &Row::method).Check(WhyNoName).Required().Help("as its authors call it"),
       Field("model", &Row::model).Check(WhyNoName).Required().Help("that it was measured on"),
       Field("metric", &Row::metric)
           .Check(WhyNoName)
           .Required()
           .Help("a column of the table (psnr, speed_up, latency), or any other words"),
       Field("value", &Row::value).Required().Help("as published"), Words("unit", &Row::unit, "x, s, dB, ..."),
       Field("bound", &Row::bound)
           .OneOf({"exact", "about", "at_least", "at_most"})
           .Help("what the source says of the value"),
       Field("source", &Row::source).Check(WhyNoSource).Required().Help("where it can be read, an https address"),
       Words("note", &Row::note, "how it was measured"),
       Words("setting", &Row::setting, "label of the run's setting whose own value is put beside it")});
  return table;
}

std::vector<PublishedRow> ReadPublished(const Json& list, const std::string& file, const std::string& place) {
  if (!list.is_array())
    Fail("{}: {}: expected a list of published rows, found {}", file, place.empty() ? "the whole file" : place,
         Describe(list));
  std::vector<PublishedRow> rows;
  for (size_t i = 0; i < list.size(); ++i)
    rows.push_back(PublishedTable().Read(JsonReader(list[i], file, fmt::format("{}[{}]", place, i))));
  return rows;
}

Json ToJson(const std::vector<PublishedRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) list.push_back(PublishedTable().Write(row));
  return list;
}

std::vector<PublishedRow> PublishedOf(const RunHeader& header) {
  const Json& config = header.expanded_config;
  if (!config.is_object() || !config.contains("published") || config["published"].is_null()) return {};
  return ReadPublished(config["published"], "results of " + header.name, "published");
}

}  // namespace skipbench
