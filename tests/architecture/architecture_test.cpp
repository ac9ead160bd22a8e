// The sources keep the rooms' order: a room includes the rooms it stands on and nothing else. The same table is what
// the CMake files must say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
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
using Rooms = std::set<std::string>;

// Room -> the rooms it may include, itself aside. `cli`, the top, may include all.
const std::map<std::string, Rooms>& Allowed() {
  static const std::map<std::string, Rooms> allowed = {
      {"base", {}},
      {"io", {"base"}},
      {"stats", {"base"}},
      {"runtime", {"base"}},
      {"nn", {"base", "io", "runtime"}},
      {"models", {"base", "io", "runtime", "nn"}},
      {"schedulers", {"base", "runtime"}},
      {"sampling", {"base", "runtime", "schedulers"}},
      {"pipelines", {"base", "io", "runtime", "nn", "models", "schedulers", "sampling"}},
      {"methods", {"base", "sampling"}},
      {"measures", {"base", "stats"}},
      {"metrics", {"base", "io", "stats", "measures", "runtime", "nn"}},
      {"datasets", {"base", "io"}},
      {"store", {"base", "io", "stats", "measures"}},
      {"analysis", {"base", "io", "stats", "measures", "store"}},
      {"evaluation", {"base", "io", "stats", "runtime", "nn", "metrics", "datasets", "measures", "store", "analysis"}},
      {"experiment",
       {"base", "io", "stats", "runtime", "nn", "models", "schedulers", "sampling", "pipelines", "methods", "metrics",
        "datasets", "measures", "store", "analysis", "evaluation"}},
      {"report", {"base", "io", "stats", "measures", "store", "analysis"}},
      {"cli",
       {"base", "io", "stats", "runtime", "nn", "models", "schedulers", "sampling", "pipelines", "methods", "metrics",
        "datasets", "measures", "store", "analysis", "evaluation", "experiment", "report"}},
  };
  return allowed;
}

// These must build, and be understood, without LibTorch.
const Rooms kWithoutAten = {"base", "io", "stats", "datasets", "measures", "store", "analysis", "report"};

constexpr int kMaxLines = 600;

// "harness/io/hdf5/hdf5.h" -> "io", "methods/deepcache/deepcache.h" -> "methods", "tests/..." -> "".
std::string RoomOf(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return "";
  std::string room = path.substr(0, slash);
  if (room == "harness") room = path.substr(slash + 1, path.find('/', slash + 1) - slash - 1);
  return Allowed().count(room) ? room : "";
}

bool IsAten(const std::string& include) {
  return include.starts_with("ATen/") || include.starts_with("torch/") || include.starts_with("c10/");
}

// What is wrong with the includes of the file `path` (relative to the root) that holds `text`.
std::vector<std::string> IncludeViolations(const std::string& path, const std::string& text) {
  static const std::regex include_line(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::vector<std::string> violations;
  const std::string room = RoomOf(path);
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch match;
    if (!std::regex_search(line, match, include_line)) continue;
    const bool ours = match[1] == "\"";
    const std::string include = match[2];
    const auto complain = [&](const std::string& what) {
      violations.push_back(path + ":" + std::to_string(number) + ": " + include + ": " + what);
    };
    if (!ours) {
      if (include == "torch/torch.h") complain("costs a minute of compilation; include <ATen/ATen.h>");
      if (kWithoutAten.count(room) && IsAten(include)) complain("the room " + room + " does without ATen");
      continue;
    }
    if (!fs::exists(testing::SourceDir() / include))
      complain("no such file (includes are given from the repository's root)");
    if (room.empty()) continue;  // tests and benchmarks may include anything
    const std::string used = RoomOf(include);
    if (used.empty()) {
      complain("not in a room");
    } else if (used != room && !Allowed().at(room).count(used)) {
      complain("the room " + room + " does not stand on " + used);
    } else if (room == "methods" && used == "sampling" && include != "harness/sampling/method.h" &&
               include != "harness/sampling/search.h") {
      complain("a method knows no more of sampling than method.h and search.h");
    }
  }
  return violations;
}

// All sources, relative to the root.
std::vector<std::string> Sources(const std::vector<std::string>& extensions) {
  std::vector<std::string> sources;
  for (const char* folder : {"harness", "methods", "metrics", "datasets", "tests", "benchmarks"}) {
    const fs::path root = testing::SourceDir() / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      if (std::find(extensions.begin(), extensions.end(), entry.path().extension()) == extensions.end()) continue;
      sources.push_back(entry.path().lexically_relative(testing::SourceDir()).string());
    }
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

std::string Read(const std::string& path) { return testing::ReadFile(testing::SourceDir() / path); }

TEST(Architecture, IncludesFollowTheRooms) {
  const auto sources = Sources({".h", ".cpp", ".inc", ".cu"});
  ASSERT_GT(sources.size(), 50u) << "the sources were not found";
  std::set<std::string> seen;
  for (const auto& source : sources) {
    seen.insert(RoomOf(source));
    for (const auto& violation : IncludeViolations(source, Read(source))) ADD_FAILURE() << violation;
  }
  for (const auto& [room, allowed] : Allowed()) EXPECT_TRUE(seen.count(room)) << "no sources seen of the room " << room;
}

TEST(Architecture, TheCheckFindsWhatItLooksFor) {
  using ::testing::ElementsAre;
  using ::testing::HasSubstr;
  using ::testing::IsEmpty;
  EXPECT_THAT(
      IncludeViolations("harness/nn/x.cpp", "#include \"harness/io/files/safetensors.h\"\n#include <ATen/ATen.h>\n"),
      IsEmpty());
  EXPECT_THAT(
      IncludeViolations("harness/io/x.cpp", "// comment\n#include \"harness/nn/weights/weights.h\"\n"),
      ElementsAre(HasSubstr("harness/io/x.cpp:2: harness/nn/weights/weights.h: the room io does not stand on nn")));
  EXPECT_THAT(IncludeViolations("harness/store/x.h", "#include <c10/core/Device.h>\n"),
              ElementsAre(HasSubstr("does without ATen")));
  EXPECT_THAT(IncludeViolations("harness/cli/x.cpp", "#  include <torch/torch.h>\n"),
              ElementsAre(HasSubstr("ATen/ATen.h")));
  EXPECT_THAT(IncludeViolations("methods/a/a.cpp", "#include \"harness/sampling/denoiser.h\"\n"),
              ElementsAre(HasSubstr("method.h")));
  EXPECT_THAT(IncludeViolations("harness/base/x.cpp", "#include \"error.h\"\n"),
              ElementsAre(HasSubstr("repository's root"), HasSubstr("not in a room")));
}

// The rooms above must be an order, or the table itself would allow a circle.
TEST(Architecture, TheRoomsHaveAnOrder) {
  for (const auto& [room, allowed] : Allowed()) {
    for (const auto& below : allowed) {
      ASSERT_TRUE(Allowed().count(below)) << room << " stands on an unknown room " << below;
      EXPECT_FALSE(Allowed().at(below).count(room)) << room << " and " << below << " stand on each other";
    }
  }
}

struct CmakeRoom {
  bool aten = false;
  Rooms depends;
};

std::map<std::string, CmakeRoom> CmakeRooms() {
  std::map<std::string, CmakeRoom> rooms;
  static const std::regex call(R"(skipbench_room\(([^)]*)\))");
  for (const char* file :
       {"harness/CMakeLists.txt", "methods/CMakeLists.txt", "metrics/CMakeLists.txt", "datasets/CMakeLists.txt"}) {
    const std::string text = Read(file);
    for (std::sregex_iterator match(text.begin(), text.end(), call), end; match != end; ++match) {
      std::istringstream words((*match)[1].str());
      std::string word, keyword, name;
      CmakeRoom room;
      while (words >> word) {
        if (word == "NAME" || word == "DIRS" || word == "SUB_ROOMS" || word == "DEPENDS" || word == "LIBRARIES") {
          keyword = word;
        } else if (word == "ATEN") {
          room.aten = true;
        } else if (keyword == "NAME") {
          name = word;
        } else if (keyword == "DEPENDS") {
          room.depends.insert(word);
        }
      }
      rooms[name] = room;
    }
  }
  return rooms;
}

TEST(Architecture, CmakeSaysTheSame) {
  const auto rooms = CmakeRooms();
  for (const auto& [name, room] : rooms) {
    ASSERT_TRUE(Allowed().count(name)) << "unknown room " << name;
    EXPECT_EQ(room.aten, !kWithoutAten.count(name)) << "ATEN of the room " << name;
    for (const auto& below : room.depends) {
      EXPECT_TRUE(Allowed().at(name).count(below)) << "CMake: " << name << " DEPENDS " << below;
    }
  }
  for (const auto& [name, allowed] : Allowed()) {
    EXPECT_TRUE(name == "cli" || rooms.count(name)) << "CMake has no room " << name;
  }
}

// A room that is used must be linked: named in DEPENDS, or by a room named there.
TEST(Architecture, CmakeLinksWhatIsIncluded) {
  const auto rooms = CmakeRooms();
  std::map<std::string, Rooms> linked;
  const std::function<const Rooms&(const std::string&)> closure = [&](const std::string& name) -> const Rooms& {
    const auto [place, added] = linked.emplace(name, Rooms());
    if (added) {
      Rooms all;
      for (const auto& below : rooms.at(name).depends) {
        all.insert(below);
        const Rooms& further = closure(below);
        all.insert(further.begin(), further.end());
      }
      linked[name] = all;
    }
    return linked[name];
  };
  static const std::regex include_line("#include \"([^\"]+)\"");
  for (const auto& source : Sources({".h", ".cpp", ".inc", ".cu"})) {
    const std::string room = RoomOf(source);
    if (room.empty() || room == "cli") continue;
    const std::string text = Read(source);
    for (std::sregex_iterator match(text.begin(), text.end(), include_line), end; match != end; ++match) {
      const std::string used = RoomOf((*match)[1]);
      if (used.empty() || used == room) continue;
      EXPECT_TRUE(closure(room).count(used))
          << source << " includes " << (*match)[1] << ", but CMake does not link " << room << " with " << used;
    }
  }
}

TEST(Architecture, HeadersAreGuarded) {
  for (const auto& header : Sources({".h"})) {
    const std::string text = Read(header);
    EXPECT_TRUE(text.starts_with("#pragma once\n") || text.find("\n#pragma once\n") != std::string::npos)
        << header << " lacks #pragma once";
  }
}

TEST(Architecture, FilesStaySmall) {
  for (const auto& source : Sources({".h", ".cpp", ".inc", ".cu"})) {
    const std::string text = Read(source);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kMaxLines) << source << " is too long; split it";
  }
}

}  // namespace
}  // namespace skipbench
