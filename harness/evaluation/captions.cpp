#include "harness/evaluation/captions.h"

#include "harness/base/json.h"

namespace skipbench {

std::map<std::string, std::string> ReadCaptionsByName(const std::filesystem::path& path) {
  const Json json = ReadJsonFile(path);
  const JsonReader root(json, path.string());
  std::map<int64_t, std::pair<int64_t, std::string>> first;  // image -> (annotation, caption)
  for (const auto& annotation : root.Objects("annotations")) {
    const int64_t image = annotation.Int("image_id", 0), id = annotation.Int("id", 0);
    const auto found = first.find(image);
    if (found == first.end() || id < found->second.first) first[image] = {id, annotation.String("caption")};
  }
  std::map<std::string, std::string> captions;
  for (const auto& image : root.Objects("images")) {
    const int64_t id = image.Int("id", 0);
    const auto caption = first.find(id);
    if (caption == first.end()) continue;
    captions[std::filesystem::path(image.String("file_name")).replace_extension().generic_string()] =
        caption->second.second;
    captions[fmt::format("{:06}", id)] = caption->second.second;
  }
  return captions;
}

}  // namespace skipbench
