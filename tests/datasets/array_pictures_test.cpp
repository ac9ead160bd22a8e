// Arrays of pictures, read front to back.
#include "datasets/array_pictures.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "harness/base/error.h"
#include "harness/io/files/npz.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

uint8_t Value(int64_t picture, int64_t place) { return static_cast<uint8_t>(picture * 31 + place * 7); }

std::string Pictures(const std::vector<int64_t>& shape, const std::string& type = "|u1") {
  std::string data = NpyHeader(type, shape);
  int64_t each = 1;
  for (size_t d = 1; d < shape.size(); ++d) each *= shape[d];
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t i = 0; i < each; ++i) data += static_cast<char>(Value(n, i));
  return data;
}

TEST(ArrayPictures, InAnyOrder) {
  const testing::TempDir dir;
  testing::WriteFile(dir / "a.npy", Pictures({400, 2, 5, 3}));
  const ArrayPictures pictures(dir / "a.npy");
  EXPECT_EQ(pictures.size(), 400);
  EXPECT_EQ(pictures.Read(0).height, 2);
  EXPECT_EQ(pictures.Read(0).width, 5);
  // One that lies behind, one that was passed by, and one that was passed so long ago that it is read again.
  for (const int64_t index : {3, 0, 2, 399, 1, 0, 399}) {
    const Image image = pictures.Read(index);
    ASSERT_EQ(image.pixels.size(), 30u);
    for (int64_t i = 0; i < 30; ++i) ASSERT_EQ(image.pixels[i], Value(index, i)) << index;
  }
  EXPECT_ERROR(pictures.Read(400), "a.npy: picture 400 of 400");
  // By several threads at once, about in order.
  std::atomic<int64_t> next = 0;
  std::atomic<int> wrong = 0;
  const auto work = [&] {
    for (int64_t index = next++; index < 400; index = next++)
      if (pictures.Read(index).pixels[29] != Value(index, 29)) ++wrong;
  };
  std::thread a(work), b(work), c(work);
  a.join(), b.join(), c.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ArrayPictures, LayoutsAndWhatIsNone) {
  const testing::TempDir dir;
  testing::WriteFile(dir / "grey.npy", Pictures({2, 4, 6}));
  const Image grey = ArrayPictures(dir / "grey.npy").Read(1);
  EXPECT_EQ(grey.width, 6);
  EXPECT_THAT(std::vector<int>(grey.pixels.begin() + 3, grey.pixels.begin() + 6), ::testing::Each(Value(1, 1)));
  testing::WriteFile(dir / "planes.npy", Pictures({2, 3, 4, 6}));
  const Image planes = ArrayPictures(dir / "planes.npy").Read(1);
  EXPECT_EQ(planes.height, 4);
  EXPECT_EQ(planes.pixels[5 * 3 + 2], Value(1, 2 * 24 + 5));
  const auto refused = [&](const std::string& content, const std::string& text) {
    testing::WriteFile(dir / "x.npy", content);
    EXPECT_ERROR(ArrayPictures(dir / "x.npy"), text);
  };
  refused(Pictures({2, 4, 6, 3}, "<f4").append(2 * 4 * 6 * 9, 'x'), "pictures were expected: bytes (uint8)");
  for (const auto& shape : {std::vector<int64_t>{40, 60, 3}, {3, 40, 60}, {40, 60, 4}})
    refused(Pictures(shape), "which looks like one picture");
  refused(Pictures({2, 4, 6, 4}), "found \"|u1\" [2, 4, 6, 4]");
  refused(Pictures({2, 4, 6, 3}).substr(0, 200), "do not fill");
}

}  // namespace
}  // namespace skipbench
