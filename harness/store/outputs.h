// What a result folder holds: one list, for whoever writes, removes, or merges.
//
//   results.h5, segments/*.h5     see source.h
//   search/search_*.jsonl         the progress of searches for paths
//   png/SETTING/SAMPLE.png        pictures; of a clip png/SETTING/SAMPLE/FRAME.png
//   apng/SETTING/SAMPLE.png       clips, animated;  mp4/SETTING/SAMPLE.mp4
//   contact_sheet.png
//   profile.json, trace.json      of run --profile and profile
//   .lock                         see folder_lock.h
//   claims/                       of processes that share a run: see claims/claims.h
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/store/records.h"

namespace skipbench {

inline constexpr const char* kSearchFolder = "search";
inline constexpr const char* kContactSheet = "contact_sheet.png";
inline constexpr const char* kProfileTable = "profile.json";
inline constexpr const char* kProfileTrace = "trace.json";

// The kinds of pictures that are written as files, which are also the names of their folders.
inline constexpr const char* kPictureKinds[] = {"png", "apng", "mp4"};

// Error naming the file.
void RemoveFile(const std::filesystem::path& path);

// A label as a folder's name: letters, digits, '.', '-', '=' and '_' stay, runs of anything else become one '_'.
std::string FolderName(const std::string& label);
// The same of all settings' labels, each another: of those that would be equal, or differ only in case, the later ones
// get "_v2", "_v3", ...
std::vector<std::string> FolderNames(const std::vector<std::string>& labels);

// Where the picture of a sample stands, `kind` being one of the above and `setting` a name of FolderNames(); of a clip
// "png" is a folder of frames.
std::filesystem::path PicturePath(const std::filesystem::path& folder, const std::string& kind,
                                  const std::string& setting, int64_t sample_id, bool clip);

// Removes the progress of searches, which is of no use once what they found is stored.
void RemoveSearches(const std::filesystem::path& folder);

// Removes a result, with the pictures of its settings and of `settings`, and nothing else: what others have put there
// stays. Error that names a results.h5 or segment that is not skipbench's, before anything is removed. The caller holds
// the folder's lock.
void RemoveOutputs(const std::filesystem::path& folder, const std::vector<SettingInfo>& settings);

// Removes what a writer that was killed has left unfinished (temporary files of results, pictures and contact sheets,
// claims). The caller holds the folder's lock, or has joined what processes that share the folder have stored.
void RemoveUnfinished(const std::filesystem::path& folder);

// Copies the pictures of these samples and settings, as far as there are any; what stands there already is replaced.
void CopyPictures(const std::filesystem::path& from, const std::filesystem::path& to,
                  const std::vector<SettingInfo>& settings, const std::vector<SampleInfo>& samples);

}  // namespace skipbench
