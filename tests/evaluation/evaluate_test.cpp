// What a measurement leaves out, and clips of unequal length.
#include "harness/evaluation/evaluate.h"

#include <gmock/gmock.h>

#include "harness/evaluation/subjects.h"
#include "tests/evaluation/pictures.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using testing::MakePicture;
using testing::TempDir;
using testing::WriteFile;
using testing::WritePicture;

const MeasureOptions kSkip = {.threads = 1, .quiet = true, .skip_broken = true};

struct Asked {
  std::vector<MetricRequest> requests;
  MetricNetworks networks;
};
Asked Ask(const std::vector<std::string>& names) {
  Asked asked;
  asked.requests = RequestMetrics(names, "test");
  asked.networks = OpenMetricNetworks(asked.requests, {}, {});
  return asked;
}

TEST(Measure, BrokenPicturesAreLeftOutAndCounted) {
  const TempDir dir;
  for (int i = 0; i < 5; ++i)
    for (const char* folder : {"a", "b"})
      WritePicture(dir / fmt::format("{}/{}.png", folder, i), MakePicture(i + (folder[0] == 'b')));
  const std::string whole = testing::ReadFile(dir / "a/2.png");
  WriteFile(dir / "a/2.png", whole.substr(0, whole.size() / 2));
  const auto a = OpenPictureSet(dir / "a"), b = OpenPictureSet(dir / "b");
  const Asked asked = Ask({"psnr"});
  MeasureOptions strict = kSkip;
  strict.skip_broken = false;
  EXPECT_ERROR(Measure(*a, b.get(), asked.requests, asked.networks, strict), "a/2.png: broken PNG");
  const Measurement measured = Measure(*a, b.get(), asked.requests, asked.networks, kSkip);
  EXPECT_EQ(measured.samples.names, (std::vector<std::string>{"0", "1", "3", "4"}));
  const auto rows = ReportValues(measured, asked.requests, asked.networks, {}, "");
  EXPECT_EQ(rows[0].count, 4);
  EXPECT_THAT(rows[0].note, HasSubstr("1 could not be read and was left out"));
  EXPECT_THAT(rows[0].note, HasSubstr("a/2.png: broken PNG"));
  for (int i = 0; i < 5; ++i) WriteFile(dir / fmt::format("b/{}.png", i), "x");
  EXPECT_ERROR(Measure(*a, b.get(), asked.requests, asked.networks, kSkip), "nothing in it could be read");
}

TEST(Measure, ClipsOfUnequalLength) {
  const TempDir dir;
  const auto write = [&](const std::string& clip, int frames) {
    for (int t = 0; t < frames; ++t) WritePicture(dir / fmt::format("{}/{}.png", clip, t), MakePicture(t, 32, 32));
  };
  for (const char* clip : {"a/x", "a/y", "short/x"}) write(clip, 4);
  for (const char* clip : {"b/x", "b/y"}) write(clip, 6);
  write("short/y", 3);
  const Asked asked = Ask({"fd_motion"});
  const auto measure = [&](const char* first, const char* second, int64_t frames) {
    const PictureSetOptions options{.clips = true, .frames = frames};
    const auto a = OpenPictureSet(dir / first, options), b = OpenPictureSet(dir / second, options);
    return ReportValues(Measure(*a, b.get(), asked.requests, asked.networks, kSkip), asked.requests, asked.networks, {},
                        "");
  };
  EXPECT_ERROR(measure("a", "b", 0), "(6 frames): a clip of 6 frames, but ");
  EXPECT_ERROR(measure("short", "a", 0), "a clip of 3 frames, but ");
  EXPECT_THAT(measure("a", "b", 4)[0].note, HasSubstr("clips of 4 frames"));
  EXPECT_THAT(measure("a", "a", 0)[0].note, HasSubstr("clips of 4 frames"));
}

}  // namespace
}  // namespace skipbench
