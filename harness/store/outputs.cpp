#include "harness/store/outputs.h"

#include <algorithm>
#include <fstream>

#include "harness/io/files/atomic_file.h"
#include "harness/io/hdf5/hdf5.h"
#include "harness/store/claims/worker.h"
#include "harness/store/source.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

bool IsDigits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

// Only if it is empty: what is left in it is somebody else's.
void RemoveFolder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove(folder, ignored);
}

std::vector<std::string> NamesOf(const std::vector<SettingInfo>& settings) {
  std::vector<std::string> labels;
  for (const auto& setting : settings) labels.push_back(setting.label);
  return FolderNames(labels);
}

std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  return entries;
}

// Made by skipbench, whole or damaged: libhdf5 is not asked, which is not safe on damaged files.
bool IsResult(const fs::path& path) {
  // First in a file of ours; in a copy that was made anew the format's attribute.
  constexpr std::string_view kMark = "skipbench results";
  constexpr std::string_view kHdf5 = "\x89HDF\r\n\x1a\n";
  std::ifstream in(path, std::ios::binary);
  std::string piece(size_t{1} << 20, '\0'), before;
  for (bool first = true; in; first = false) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const std::string text = before + piece.substr(0, static_cast<size_t>(in.gcount()));
    if (first && text.starts_with(kMark)) return true;
    if (first && !text.starts_with(kHdf5)) return false;
    if (text.find(kMark) != std::string::npos) return true;
    before = text.substr(text.size() - std::min(text.size(), kMark.size()));
  }
  return false;
}

// The names of the settings' folders, of a result that can be read.
std::set<std::string> NamesIn(const std::vector<fs::path>& files) {
  for (const auto& file : files) {
    try {
      const auto names = NamesOf(Source(file).header().settings);  // all files of a result have the same settings
      return {names.begin(), names.end()};
    } catch (const Error&) {  // a damaged one names none
    }
  }
  return {};
}

// "000012.png", or a folder "000012" with frames "0003.png".
void RemovePictures(const fs::path& folder) {
  for (const auto& entry : Entries(folder)) {
    const std::string extension = entry.extension().string();
    if (!IsDigits(entry.stem().string())) continue;
    if (extension == ".png" || extension == ".mp4") RemoveFile(entry);
    if (!extension.empty() || !fs::is_directory(entry)) continue;
    for (const auto& frame : Entries(entry))
      if (frame.extension() == ".png" && IsDigits(frame.stem().string())) RemoveFile(frame);
    RemoveFolder(entry);
  }
  RemoveFolder(folder);
}

void CopyPicture(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) Fail("{}: cannot be copied to {}: {}", from.string(), to.string(), error.message());
}

}  // namespace

void RemoveFile(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) Fail("{}: cannot be removed: {}", path.string(), error.message());
}

std::string FolderName(const std::string& label) {
  std::string name;
  for (unsigned char c : label) {
    if (std::isalnum(c) || c == '.' || c == '-' || c == '=' || c == '_')
      name += static_cast<char>(c);
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  // A label may be the user's own: it must not mean another folder, nor a hidden one.
  return name.empty() || name[0] == '.' ? "_" + name : name;
}

std::vector<std::string> FolderNames(const std::vector<std::string>& labels) {
  const auto lower = [](std::string name) {
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
  };
  std::vector<std::string> names;
  std::set<std::string> taken, natural;
  for (const auto& label : labels) natural.insert(lower(FolderName(label)));
  for (const auto& label : labels) {
    const std::string plain = FolderName(label);
    std::string name = plain;
    // A name with a number must not be one that another label has without.
    for (int k = 2; !taken.insert(lower(name)).second || (k > 2 && natural.contains(lower(name))); ++k)
      name = fmt::format("{}_v{}", plain, k);
    names.push_back(std::move(name));
  }
  return names;
}

fs::path PicturePath(const fs::path& folder, const std::string& kind, const std::string& setting, int64_t sample_id,
                     bool clip) {
  const std::string extension = kind == "mp4" ? ".mp4" : kind == "png" && clip ? "" : ".png";
  return folder / kind / setting / fmt::format("{:06}{}", sample_id, extension);
}

void RemoveSearches(const fs::path& folder) {
  for (const auto& entry : Entries(folder / kSearchFolder)) {
    const std::string name = entry.filename().string();
    if (entry.extension() == ".jsonl" && (name.starts_with("search_") || name.starts_with("path_study_")))
      RemoveFile(entry);
  }
  RemoveFolder(folder / kSearchFolder);
}

void RemoveOutputs(const fs::path& folder, const std::vector<SettingInfo>& settings) {
  const auto files = ResultFiles(folder);
  for (const auto& file : files)
    if (!IsResult(file))
      Fail("{}: is no result of skipbench; it is not removed: take it away, or give another --out", file.string());
  std::set<std::string> own = NamesIn(files);
  for (const auto& name : NamesOf(settings)) own.insert(name);
  for (const char* kind : kPictureKinds) {
    for (const auto& name : own) RemovePictures(folder / kind / name);
    RemoveFolder(folder / kind);
  }
  RemoveSearches(folder);
  for (const char* name : {kContactSheet, kProfileTable, kProfileTrace})
    if (!files.empty() && fs::exists(folder / name)) RemoveFile(folder / name);
  // What makes it a result goes last: killed on the way, it is removed again.
  for (auto file = files.rbegin(); file != files.rend(); ++file) RemoveFile(*file);
  RemoveFolder(folder / kSegmentFolder);
}

void RemoveUnfinished(const fs::path& folder) {
  for (const char* kind : kPictureKinds) RemoveTemporaries(folder / kind, /*below=*/true);
  for (const auto& within : {folder, folder / kSegmentFolder}) RemoveTemporaries(within, /*below=*/false);
  RemoveClaims(folder);
}

void CopyPictures(const fs::path& from, const fs::path& to, const std::vector<SettingInfo>& settings,
                  const std::vector<SampleInfo>& samples) {
  std::error_code error;
  for (const char* kind : kPictureKinds) {
    if (!fs::is_directory(from / kind, error)) continue;
    for (const auto& setting : NamesOf(settings)) {
      if (!fs::is_directory(from / kind / setting, error)) continue;
      for (const auto& sample : samples)
        for (const bool clip : {false, true}) {
          const fs::path picture = PicturePath(from, kind, setting, sample.id, clip);
          if (clip && picture == PicturePath(from, kind, setting, sample.id, false)) continue;
          CopyPicture(picture, PicturePath(to, kind, setting, sample.id, clip));
        }
    }
  }
}

}  // namespace skipbench
