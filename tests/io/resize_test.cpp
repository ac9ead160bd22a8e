// Resizing and cropping: what follows from the definition. (tests/fixtures_video compares with Pillow byte by byte.)
#include "harness/io/pictures/resize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;

Image Grey(int width, int height, std::vector<uint8_t> values) {
  return {.width = width, .height = height, .channels = 1, .pixels = std::move(values)};
}

TEST(Resize, BoxHalvesByMeans) {
  const Image small = Resize(Grey(4, 2, {0, 10, 20, 40, 2, 12, 22, 42}), 2, 1, ResizeFilter::kBox);
  EXPECT_THAT(small.pixels, ElementsAre(6, 31));  // 8 bits between the passes: (0+10)/2, (2+12)/2, then their mean
}

TEST(Resize, KeepsWhatHasTheSize) {
  const Image image = Grey(3, 2, {1, 2, 3, 4, 5, 6});
  for (const auto filter : {ResizeFilter::kBox, ResizeFilter::kBilinear})
    EXPECT_EQ(Resize(image, 3, 2, filter).pixels, image.pixels);
}

TEST(Resize, BilinearInterpolatesAndKeepsConstants) {
  EXPECT_THAT(Resize(Grey(2, 1, {0, 100}), 4, 1, ResizeFilter::kBilinear).pixels, ElementsAre(0, 25, 75, 100));
  const Image flat = Resize(Grey(5, 7, std::vector<uint8_t>(35, 77)), 13, 3, ResizeFilter::kBilinear);
  EXPECT_EQ(flat.pixels, std::vector<uint8_t>(39, 77));
}

TEST(Resize, ChannelsStayApart) {
  Image image{.width = 2, .height = 1, .channels = 3, .pixels = {0, 50, 200, 10, 70, 250}};
  EXPECT_THAT(Resize(image, 1, 1, ResizeFilter::kBox).pixels, ElementsAre(5, 60, 225));
}

TEST(Resize, RefusesImpossibleSizes) {
  const Image image = Grey(1, 1, {7});
  EXPECT_ERROR(Resize(image, 0, 1, ResizeFilter::kBox), "cannot be resized to 0 x 1");
  EXPECT_ERROR(Resize(image, 1, -3, ResizeFilter::kBox), "cannot be resized");
  EXPECT_ERROR(Resize(image, 1 << 20, 1 << 20, ResizeFilter::kBox), "cannot be resized");
}

TEST(CropWide, TakesTheMiddle) {
  std::vector<uint8_t> ramp;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 12; ++x) ramp.push_back(static_cast<uint8_t>(10 * x));
  const WideCrop crop = CropWide(Grey(12, 4, ramp), 4, 4);
  EXPECT_EQ(crop.scaled.width, 12);
  EXPECT_EQ(crop.left, 4);
  EXPECT_EQ(crop.top, 0);
  EXPECT_THAT(std::vector<uint8_t>(crop.cropped.pixels.begin(), crop.cropped.pixels.begin() + 4),
              ElementsAre(40, 50, 60, 70));
}

// 98 / (98 / 49.) is 49, but 75 // (75 / 49.) is one short: floor of the exact quotient of the doubles.
TEST(CropWide, OnePixelShortIsBlackAtTheEdge) {
  bool found = false;
  for (int height = 30; height < 200 && !found; ++height) {
    const WideCrop crop = CropWide(Grey(400, height, std::vector<uint8_t>(400 * height, 200)), 49, 49);
    if (crop.scaled.height == 49) continue;
    found = true;
    EXPECT_EQ(crop.scaled.height, 48);
    EXPECT_EQ(crop.top, -1);
    EXPECT_EQ(crop.cropped.pixels[0], 0);  // the first row lies outside
    EXPECT_EQ(crop.cropped.pixels[49], 200);
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace skipbench
