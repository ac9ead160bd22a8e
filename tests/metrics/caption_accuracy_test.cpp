#include "metrics/caption_accuracy.h"

#include <gtest/gtest.h>

#include "harness/io/pictures/image.h"
#include "tests/metrics/metric_example.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// A picture that ships, with a caption that is all right, half right, and wrong.
const bool caption_accuracy = testing::AddExample([] {
  const Image image = ReadImage(testing::SourceDir() / "datasets/fashion_scenes/images/000001.png");
  const at::Tensor picture =
      at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte)
          .permute({2, 0, 1})
          .contiguous();
  return testing::MetricExample{.metric = "caption_accuracy",
                                .samples = {{picture, {}, "a red trouser and a green t-shirt"},
                                            {picture, {}, "a red trouser and a white sneaker"},
                                            {picture, {}, "a blue bag and a white sneaker"}}};
});

}  // namespace
}  // namespace skipbench
