// The report's page in a real browser, headless Chromium: nothing overflows on a desktop, a phone and a sheet of paper,
// every picture loads, and a screenshot is no blank page. $SKIPBENCH_CHROMIUM names the program; without one the tests
// are skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "harness/io/pictures/image.h"
#include "harness/report/page/report.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"
#include "tests/support/process.h"

namespace skipbench::testing {
namespace {

namespace fs = std::filesystem;

std::string Chromium() {
  if (const char* given = std::getenv("SKIPBENCH_CHROMIUM"); given && *given) return given;
  for (const char* name : {"chromium", "chromium-headless-shell", "google-chrome"})
    if (fs::exists(fs::path("/usr/bin") / name)) return (fs::path("/usr/bin") / name).string();
  return "";
}

class PageInBrowser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Chromium().empty())
      GTEST_SKIP() << "no Chromium; Debian: apt-get install chromium, or SKIPBENCH_CHROMIUM=PROGRAM";
    RunHeader header = ExampleHeader();
    header.settings[1].label =
        "adaptive_diffusion(delta=0.01,max_skips=4,criterion=tensor,norm=l2,scope=group) " + std::string(80, 'x');
    header.name = std::string(120, 'n');
    ResultWriter writer(dir_ / "run", header, false);
    Wave wave = ExampleWave(header, 0, 6, true);
    wave.samples[0].caption = std::string(200, 'w');
    writer.Commit(wave);
    writer.Finish();
    WriteReport(ResultReader::Open(dir_ / "run"), dir_ / "report");
  }

  ProcessResult Browse(std::vector<std::string> options, const std::string& page) {
    std::vector<std::string> args = {Chromium(),          "--headless",
                                     "--no-sandbox",      "--disable-gpu",
                                     "--hide-scrollbars", "--user-data-dir=" + (dir_ / "profile").string()};
    args.insert(args.end(), options.begin(), options.end());
    args.push_back("file://" + (dir_ / "report" / page).string());
    return RunProcess(args, 120000);
  }

  // What a script that is put into a copy of the page says behind "measured ".
  std::string Ask(const std::string& script, int width) {
    WriteFile(dir_ / "report" / "measured.html", ReadFile(dir_ / "report" / "index.html") +
                                                     "<script>addEventListener(\"load\", () => {" + script +
                                                     "});</script>");
    const auto result = Browse({fmt::format("--window-size={},900", width), "--dump-dom"}, "measured.html");
    const size_t at = result.out.find("<title>measured ");
    return at == std::string::npos ? "not measured: " + result.err
                                   : result.out.substr(at + 16, result.out.find(';', at) - at - 16);
  }

  // The page's width against the window's, pictures without a size, what is too wide.
  std::string Measure(int width) {
    return Ask(R"(
      document.querySelectorAll("details").forEach(d => d.open = true);
      const broken = [...document.images].filter(i => !i.complete || !i.naturalWidth).length;
      const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, pre, picture, svg") &&
        e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "." + e.className);
      document.title = `measured ${document.documentElement.scrollWidth - innerWidth} ${broken} ${document.images.length > 5} ${wide.join(" ")};`;
    )",
               width);
  }

  TempDir dir_;
};

TEST_F(PageInBrowser, NothingOverflows) {
  for (const int width : {1280, 800, 500, 390}) {
    const std::string found = Measure(width);
    EXPECT_TRUE(found.starts_with("0 0 true ") && found.size() == 9)
        << width << " pixels: overflow, broken pictures, enough pictures, too wide: " << found;
  }
}

// By a column up, then down; a picture that is picked lies over the full run's from where the slider stands.
TEST_F(PageInBrowser, SortsTablesAndComparesPictures) {
  const std::string said = Ask(R"(
      const table = document.querySelector("#table ~ .scroll table.sortable");
      const column = [...table.tHead.rows[0].cells].findIndex(c => c.textContent.startsWith("NFE"));
      const order = () => [...table.tBodies[0].rows].map(r => parseFloat(r.cells[column].textContent)).join(" ");
      const button = table.tHead.rows[0].cells[column].querySelector("button");
      button.click();
      const up = order();
      button.click();
      const down = order();
      const picture = [...document.querySelectorAll("img[data-full]")].at(-1);
      picture.click();
      const slider = document.querySelector(".slider"), range = slider.querySelector("input");
      range.value = 25;
      range.dispatchEvent(new Event("input"));
      const [full, other] = slider.querySelectorAll("img");
      document.title = `measured ${up} ${down} ${full.src.endsWith(picture.dataset.full)} ${other.src === picture.src} ${other.style.clipPath.includes("25%")};`;
    )",
                               1000);
  EXPECT_EQ(said, "2 2.5 4 4 2.5 2 true true true");
}

TEST_F(PageInBrowser, ScreenshotsAreNotBlank) {
  for (const bool dark : {false, true}) {
    const fs::path shot = dir_ / "shot.png";
    std::vector<std::string> options = {"--window-size=1000,3000", "--screenshot=" + shot.string()};
    if (dark) options.push_back("--blink-settings=preferredColorScheme=0");
    Browse(options, "index.html");
    ASSERT_TRUE(fs::exists(shot));
    const Image image = ReadImage(shot);
    EXPECT_EQ(image.width, 1000);
    std::set<std::array<uint8_t, 3>> colors;
    int64_t background = 0;
    const auto* paper = image.pixels.data();  // the upper left corner
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      const auto* p = image.pixels.data() + i;
      colors.insert({p[0], p[1], p[2]});
      background += p[0] == paper[0] && p[1] == paper[1] && p[2] == paper[2];
    }
    EXPECT_EQ(paper[0] < 64, dark);
    EXPECT_GT(colors.size(), 100u);
    EXPECT_LT(background, static_cast<int64_t>(image.pixels.size() / 3) * 97 / 100);
    EXPECT_TRUE(colors.contains(dark ? std::array<uint8_t, 3>{0x56, 0xb4, 0xe9}
                                     : std::array<uint8_t, 3>{0x00, 0x72, 0xb2}));  // the figures' first colour
    fs::remove(shot);
  }
}

}  // namespace
}  // namespace skipbench::testing
