#include "datasets/coco.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

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

// "restval 30504, test 5000": the splits of a file with their images.
std::string DescribeSplits(const CocoCaptions& captions) {
  std::vector<std::string> parts;
  for (const auto& [split, count] : captions.splits) parts.push_back(fmt::format("{} {}", split, count));
  return fmt::format("{}", fmt::join(parts, ", "));
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

struct CaptionOptions {
  Json caption = "first";  // or "random", or a number
  std::string split;
  std::optional<std::string> reference;
  Subset subset;
};

std::string WhyNoCaption(const Json& value) {
  if (!value.is_string()) return WhyNotInt(value, 0, 1000);
  return value == "first" || value == "random"
             ? ""
             : "expected \"first\", \"random\" or a number from 0, found " + Describe(value);
}

OptionTable<CaptionOptions> CaptionTable() {
  OptionTable<CaptionOptions> table("captions",
                                    {Field("caption", &CaptionOptions::caption)
                                         .Check(WhyNoCaption)
                                         .Allowed("first | random | number from 0")
                                         .Help("which of a picture's captions, in order of annotation id; random: "
                                               "drawn by the seed and the picture's id"),
                                     Field("split", &CaptionOptions::split)
                                         .Default("all of them")
                                         .Help("of Karpathy's dataset_coco.json: train, restval, val or test"),
                                     Field("reference", &CaptionOptions::reference)
                                         .Default("the pictures, where there are any")
                                         .Help("what distributions are compared with")});
  return table.Include(&CaptionOptions::subset, SubsetTable());
}

struct CocoOptions {
  std::string captions;
  std::optional<std::string> images;
  CaptionOptions rest;
};

struct FashionScenesOptions {
  std::optional<std::string> folder;
  CaptionOptions rest;
};

// The picture's file; a file name is no way out of the folder.
fs::path ImagePath(const fs::path& folder, int64_t id, const CocoImage& image, const std::string& file) {
  const fs::path name(image.file_name);
  const bool leaves = name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
  if (leaves || name.empty())
    Fail("{}: image {}: the file name \"{}\" is not one inside a folder", file, id, image.file_name);
  std::error_code error;
  // Karpathy's file also says in which folder of COCO's own tree the picture is; that may be the one given, or in it.
  const fs::path inner(image.folder);
  if (!image.folder.empty() && inner == inner.filename() && inner != ".." &&
      fs::is_regular_file(folder / inner / name, error))
    return folder / inner / name;
  if (!fs::is_regular_file(folder / name, error))
    Fail("{}: missing; {} names it for image {}", (folder / name).string(), file, id);
  return folder / name;
}

Dataset ReadCaptions(const std::string& name, const fs::path& captions, const std::optional<fs::path>& pictures,
                     const CaptionOptions& options, const fs::path& base_folder) {
  std::optional<size_t> wanted =
      options.caption.is_number() ? options.caption.get<size_t>() : size_t{0};  // nothing: a random one
  if (options.caption == "random") wanted = std::nullopt;
  const Subset& subset = options.subset;
  auto reference = ResolvePath(options.reference, base_folder);
  if (!reference) reference = pictures;
  const std::string& split = options.split;

  const std::string file = captions.string();
  const Json root = ReadJsonFile(captions);
  const CocoCaptions coco = ReadCocoCaptions(root, file, split);
  const auto& images = coco.images;
  std::vector<int64_t> ids;
  for (const auto& [id, image] : images) ids.push_back(id);

  std::vector<Sample> samples;
  for (size_t place : Select(subset, ids.size())) {
    const CocoImage& image = images.at(ids[place]);
    if (image.captions.empty()) Fail("{}: image {} ({}) has no caption", file, ids[place], image.file_name);
    auto random = GeneratorOf(subset.seed.value_or(0), ids[place]);
    const size_t which = wanted.value_or(UniformBelow(random, image.captions.size()));
    if (which >= image.captions.size())
      FailOption("caption", "caption {} is asked for, but image {} of {} has only {}", which, ids[place], file,
                 image.captions.size());
    Sample sample;
    sample.id = ids[place];
    sample.caption = image.captions[which].second;
    if (pictures) sample.image = ImagePath(*pictures, ids[place], image, file);
    samples.push_back(std::move(sample));
  }
  const std::string caption = wanted ? fmt::format("caption {}", *wanted)
                                     : fmt::format("a random caption each (seed {})", subset.seed.value_or(0));
  std::string part;
  if (!coco.splits.empty())
    part = split.empty() ? fmt::format(" of all splits ({})", DescribeSplits(coco))
                         : fmt::format(" of the split {}", split);
  const std::string description =
      fmt::format("{}: {} images{}, {}", file, Describe(subset, samples.size(), ids.size()), part, caption);
  Dataset dataset(name, description, std::move(samples));
  if (reference) dataset.SetReference(*reference);
  dataset.SetList("captions", captions);
  return dataset;
}

Dataset ReadCoco(const CocoOptions& options, const fs::path& base_folder) {
  return ReadCaptions("coco", ResolvePath(options.captions, base_folder), ResolvePath(options.images, base_folder),
                      options.rest, base_folder);
}

Dataset ReadFashionScenes(const FashionScenesOptions& options, const fs::path& base_folder) {
  const fs::path folder = ResolvePath(options.folder, base_folder).value_or(ShippedFolder("fashion_scenes"));
  if (!fs::exists(folder / "captions.json"))
    FailOption("folder", "{} is missing; give the folder of the shipped data", (folder / "captions.json").string());
  return ReadCaptions("fashion_scenes", folder / "captions.json", folder / "images", options.rest, base_folder);
}

}  // namespace

bool IsCocoFile(const Json& root) { return root.is_object() && root.contains("images") && root["images"].is_array(); }

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

DatasetType CocoType() {
  OptionTable<CocoOptions> table(
      "coco", {Field("captions", &CocoOptions::captions)
                   .Required()
                   .Allowed("file")
                   .Help("captions_val2014.json, captions_val2017.json, or Karpathy's dataset_coco.json"),
               Field("images", &CocoOptions::images)
                   .Allowed("folder")
                   .Help("their pictures; then each one taken must be there")});
  table.Include(&CocoOptions::rest, CaptionTable());
  return DeclareDataset("captions of MS-COCO", table, ReadCoco);
}

DatasetType FashionScenesType() {
  OptionTable<FashionScenesOptions> table("fashion_scenes", {Field("folder", &FashionScenesOptions::folder)
                                                                 .Allowed("folder")
                                                                 .Default("the shipped one")
                                                                 .Help("where captions.json and images/ are")});
  table.Include(&FashionScenesOptions::rest, CaptionTable());
  return DeclareDataset("the shipped captions and pictures", table, ReadFashionScenes);
}

}  // namespace skipbench
