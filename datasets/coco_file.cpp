#include "datasets/coco_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"

namespace skipbench {
namespace {

const Json& List(const Json& root, const char* key, const std::string& file) {
  const auto found = root.is_object() ? root.find(key) : root.end();
  if (!root.is_object() || found == root.end() || !found->is_array())
    Fail("{}: not a COCO caption file: it has no list \"{}\"", file, key);
  return *found;
}

std::map<int64_t, CocoImage> ReadImages(const Json& list, const std::string& file) {
  std::map<int64_t, CocoImage> images;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonReader reader(list[i], file, fmt::format("images[{}]", i));
    const int64_t id = reader.Int("id", 0);
    CocoImage image{reader.String("file_name"), "", {}};
    if (!images.emplace(id, std::move(image)).second)
      reader.FailAt("id", fmt::format("the image id {} occurs twice", id));
  }
  return images;
}

void ReadAnnotations(const Json& list, const std::string& file, std::map<int64_t, CocoImage>& images) {
  std::set<int64_t> ids;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonReader reader(list[i], file, fmt::format("annotations[{}]", i));
    if (!reader.Has("caption"))
      Fail("{}: not a COCO caption file: annotations[{}] has no caption (is it the file of instances or keypoints?)",
           file, i);
    const int64_t id = reader.Int("id", 0), image_id = reader.Int("image_id", 0);
    if (!ids.insert(id).second) reader.FailAt("id", fmt::format("the annotation id {} occurs twice", id));
    const auto image = images.find(image_id);
    if (image == images.end()) reader.FailAt("image_id", fmt::format("there is no image with the id {}", image_id));
    image->second.captions.emplace_back(id, reader.String("caption"));
  }
}

bool IsKarpathy(const Json& root) {
  const Json& images = root["images"];
  return !root.contains("annotations") && !images.empty() && images[0].is_object() && images[0].contains("sentences");
}

CocoImage ReadKarpathyImage(const JsonReader& reader) {
  CocoImage image{reader.String("filename"), reader.StringOr("filepath", ""), {}};
  for (const auto& sentence : reader.Objects("sentences"))
    image.captions.emplace_back(sentence.Int("sentid", 0), sentence.String("raw"));
  return image;
}

CocoCaptions ReadKarpathy(const Json& list, const std::string& file, const std::string& split) {
  CocoCaptions result;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonReader reader(list[i], file, fmt::format("images[{}]", i));
    const std::string its_split = reader.String("split");
    ++result.splits[its_split];
    if (!split.empty() && its_split != split) continue;
    const char* key = reader.Has("cocoid") ? "cocoid" : "imgid";
    const int64_t id = reader.Int(key, 0);
    if (!result.images.emplace(id, ReadKarpathyImage(reader)).second)
      reader.FailAt(key, fmt::format("the image id {} occurs twice", id));
  }
  if (result.images.empty() && !split.empty())
    Fail("{}: no split \"{}\"; there are: {}", file, split, DescribeSplits(result));
  return result;
}

}  // namespace

bool IsCocoFile(const Json& root) { return root.is_object() && root.contains("images") && root["images"].is_array(); }

std::string DescribeSplits(const CocoCaptions& captions) {
  std::vector<std::string> parts;
  for (const auto& [split, count] : captions.splits) parts.push_back(fmt::format("{} {}", split, count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

CocoCaptions ReadCocoCaptions(const Json& root, const std::string& file, const std::string& split) {
  CocoCaptions result;
  const Json& images = List(root, "images", file);
  if (IsKarpathy(root)) {
    result = ReadKarpathy(images, file, split);
  } else {
    if (!split.empty())
      Fail("{}: split \"{}\": only Karpathy's file (dataset_coco.json) has splits; this is a file of annotations", file,
           split);
    result.images = ReadImages(images, file);
    ReadAnnotations(List(root, "annotations", file), file, result.images);
  }
  for (auto& [id, image] : result.images) std::sort(image.captions.begin(), image.captions.end());
  return result;
}

}  // namespace skipbench
