// Rooms that are divided: which sub-room may include which, and that every unit has its header.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using SubRooms = std::map<std::string, std::set<std::string>>;

// Room -> its sub-rooms -> those of the same room that each may include, itself aside.
const std::map<std::string, SubRooms>& Divided() {
  static const std::map<std::string, SubRooms> divided = {
      {"harness/io", {{"files", {}}, {"hdf5", {"files"}}, {"pictures", {"files"}}, {"tokenizers", {"files"}}}},
      {"harness/nn", {{"weights", {}}, {"cpu", {}}, {"layers", {"weights", "cpu"}}}},
      {"harness/experiment",
       {{"config", {}},
        {"plan", {"config"}},
        {"share", {}},
        {"search", {"config", "plan", "share"}},
        {"extend", {"config", "plan", "search"}},
        {"run", {"config", "plan", "share", "search", "extend"}},
        {"calibrate", {"config", "plan"}}}},
      {"harness/report",
       {{"tables", {}}, {"exports", {"tables"}}, {"figures", {"tables"}}, {"page", {"tables", "figures"}}}},
  };
  return divided;
}

bool IsSource(const fs::path& path) {
  static const std::set<std::string> extensions = {".h", ".cpp", ".inc", ".cu"};
  return extensions.count(path.extension().string()) > 0;
}

// "harness/io/files/npz.h" -> {"harness/io", "files"}; {"", ""} for what is in no divided room.
std::pair<std::string, std::string> SubRoomOf(const std::string& path) {
  for (const auto& [room, sub_rooms] : Divided()) {
    if (!path.starts_with(room + "/")) continue;
    const std::string rest = path.substr(room.size() + 1);
    const size_t slash = rest.find('/');
    return {room, slash == std::string::npos ? "" : rest.substr(0, slash)};
  }
  return {"", ""};
}

std::vector<std::string> SubRoomViolations(const std::string& path, const std::string& text) {
  static const std::regex include_line("(?:^|\n)\\s*#\\s*include\\s*\"([^\"]+)\"");
  std::vector<std::string> violations;
  const auto [room, sub] = SubRoomOf(path);
  if (room.empty()) return violations;
  if (!Divided().at(room).count(sub)) return {path + ": " + room + " is divided, and has no sub-room '" + sub + "'"};
  for (std::sregex_iterator match(text.begin(), text.end(), include_line), end; match != end; ++match) {
    const auto [used_room, used] = SubRoomOf((*match)[1]);
    if (used_room != room || used == sub) continue;
    if (!Divided().at(room).at(sub).count(used))
      violations.push_back(path + ": " + sub + " does not stand on " + used + " (" + (*match)[1].str() + ")");
  }
  return violations;
}

std::vector<std::string> Sources(const std::vector<std::string>& folders) {
  std::vector<std::string> sources;
  for (const auto& folder : folders)
    for (const auto& entry : fs::recursive_directory_iterator(testing::SourceDir() / folder))
      if (entry.is_regular_file() && IsSource(entry.path()))
        sources.push_back(entry.path().lexically_relative(testing::SourceDir()).string());
  return sources;
}

TEST(SubRooms, IncludesFollowThem) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& source : Sources({"harness"})) {
    seen.insert(SubRoomOf(source));
    for (const auto& violation : SubRoomViolations(source, testing::ReadFile(testing::SourceDir() / source)))
      ADD_FAILURE() << violation;
  }
  for (const auto& [room, sub_rooms] : Divided())
    for (const auto& [sub, below] : sub_rooms) {
      EXPECT_TRUE(seen.count({room, sub})) << "no sources seen of " << room << "/" << sub;
      for (const auto& other : below)
        EXPECT_FALSE(sub_rooms.at(other).count(sub)) << sub << " and " << other << " stand on each other";
    }
}

TEST(SubRooms, TheCheckFindsWhatItLooksFor) {
  using ::testing::ElementsAre;
  using ::testing::HasSubstr;
  using ::testing::IsEmpty;
  EXPECT_THAT(SubRoomViolations("harness/io/pictures/x.cpp", "#include \"harness/io/files/npz.h\"\n"), IsEmpty());
  EXPECT_THAT(SubRoomViolations("harness/io/files/x.inc", "\n#include \"harness/io/pictures/image.h\"\n"),
              ElementsAre(HasSubstr("files does not stand on pictures")));
  EXPECT_THAT(SubRoomViolations("harness/io/x.cpp", ""), ElementsAre(HasSubstr("no sub-room ''")));
}

// Who follows a name from a header finds its file. Left out: programs and commands, and variants of one unit for a
// device or an instruction set.
TEST(SubRooms, EveryUnitHasItsHeader) {
  static const std::regex variant("(.*)_(?:cuda|avx2|avx512|avx512_bf16|amx|amx_emulated)\\.(?:cpp|cu)");
  for (const auto& source : Sources({"harness", "methods", "metrics", "datasets"})) {
    if (source.ends_with(".h") || source.ends_with(".inc") || source.starts_with("harness/cli/")) continue;
    std::smatch match;
    std::string header = source.substr(0, source.rfind('.')) + ".h";
    if (std::regex_match(source, match, variant) && fs::exists(testing::SourceDir() / (match[1].str() + ".h")))
      header = match[1].str() + ".h";
    EXPECT_TRUE(fs::exists(testing::SourceDir() / header)) << source << " has no header of its own";
  }
}

}  // namespace
}  // namespace skipbench
