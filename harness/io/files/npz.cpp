#include "harness/io/files/npz.h"

#include <zip.h>

#include <algorithm>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench {
namespace {

constexpr size_t kChunk = size_t{1} << 16;
// Deflate cannot do better: a member that says that it holds more takes no memory.
constexpr uint64_t kMaxRatio = 1032;

std::string Reason(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

// One member, inflated as it is read.
class MemberStream : public ByteStream {
 public:
  MemberStream(std::shared_ptr<zip_t> archive, uint64_t index, std::string origin)
      : archive_(std::move(archive)), origin_(std::move(origin)), file_(zip_fopen_index(archive_.get(), index, 0)) {
    if (!file_) Fail("{}: cannot be read: {}", origin_, zip_error_strerror(zip_get_error(archive_.get())));
  }
  ~MemberStream() override { zip_fclose(file_); }
  MemberStream(const MemberStream&) = delete;
  MemberStream& operator=(const MemberStream&) = delete;

  size_t Read(std::span<std::byte> out) override {
    size_t done = 0;
    while (done < out.size()) {
      // Into chunks, so that the checksum is computed on what is still in the cache.
      const zip_int64_t came = zip_fread(file_, out.data() + done, std::min(out.size() - done, kChunk));
      if (came < 0) Damaged();
      if (came == 0) break;
      done += static_cast<size_t>(came);
    }
    return done;
  }

 private:
  [[noreturn]] void Damaged() {
    zip_error_t* error = zip_file_get_error(file_);
    if (zip_error_code_zip(error) == ZIP_ER_CRC) Fail("{}: the checksum is wrong: the archive is damaged", origin_);
    Fail("{}: the archive is truncated or damaged: {}", origin_, zip_error_strerror(error));
  }

  std::shared_ptr<zip_t> archive_;
  std::string origin_;
  zip_file_t* file_;
};

std::string Where(const std::string& origin, const std::string& name) {
  return fmt::format("{}: member \"{}\"", origin, Printable(name));
}

// The bytes of a finished archive, from the memory that libzip wrote it to.
void CopyTo(zip_source_t* source, const std::string& origin, AtomicFile* file) {
  if (zip_source_open(source) != 0) Fail("{}: {}", origin, zip_error_strerror(zip_source_error(source)));
  std::vector<std::byte> chunk(kChunk);
  zip_int64_t came = 0;
  while ((came = zip_source_read(source, chunk.data(), chunk.size())) > 0)
    file->Write(chunk.data(), static_cast<size_t>(came));
  zip_source_close(source);
  if (came < 0) Fail("{}: {}", origin, zip_error_strerror(zip_source_error(source)));
}

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& path) : origin_(path.string()) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) Fail("{}: not a ZIP archive (.npz): a folder", origin_);
  bytes_ = std::filesystem::file_size(path, unknown);
  ReadDirectory([&](zip_error_t* error) { return zip_source_file_create(path.c_str(), 0, -1, error); });
}

NpzFile::NpzFile(std::span<const std::byte> bytes, const std::string& origin) : origin_(origin), bytes_(bytes.size()) {
  ReadDirectory([&](zip_error_t* error) { return zip_source_buffer_create(bytes.data(), bytes.size(), 0, error); });
}

void NpzFile::ReadDirectory(const std::function<zip_source_t*(zip_error_t*)>& open) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = open(&error);
  zip_t* archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (!archive) {
    if (source) zip_source_free(source);
    Fail("{}: not a ZIP archive (.npz), or truncated: {}", origin_, Reason(&error));
  }
  archive_ = std::shared_ptr<zip_t>(archive, zip_discard);
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count <= 0) Fail("{}: not a ZIP archive (.npz): it is empty", origin_);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* raw = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    std::string name = raw ? raw : "";
    if (name.ends_with(".npy")) members_[name.substr(0, name.size() - 4)].push_back(static_cast<uint64_t>(i));
  }
}

std::vector<std::string> NpzFile::Names() const {
  std::vector<std::pair<uint64_t, std::string>> places;
  for (const auto& [name, members] : members_) places.emplace_back(members[0], name);
  std::sort(places.begin(), places.end());
  std::vector<std::string> names;
  for (auto& [place, name] : places) names.push_back(std::move(name));
  return names;
}

std::unique_ptr<NpyReader> NpzFile::Open(const std::string& name) const {
  const std::string where = Where(origin_, name + ".npy");
  const auto found = members_.find(name);
  if (found == members_.end()) Fail("{}: is not there", where);
  if (found->second.size() > 1) Fail("{}: is there twice", where);
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive_.get(), found->second[0], 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
    Fail("{}: the archive's directory is damaged", where);
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
    FailUnsupported("{}: is encrypted", where);
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    FailUnsupported("{}: compression method {} is not supported (stored and deflated are)", where, stat.comp_method);
  if (stat.comp_size > bytes_ || stat.size > stat.comp_size * kMaxRatio + 64 ||
      (stat.comp_method == ZIP_CM_STORE && stat.size != stat.comp_size))
    Fail("{}: {} bytes in {} of an archive of {}: the archive is truncated or damaged", where, stat.size,
         stat.comp_size, bytes_);
  return std::make_unique<NpyReader>(std::make_unique<MemberStream>(archive_, found->second[0], where), stat.size,
                                     where);
}

NpzWriter::NpzWriter(std::filesystem::path path, bool deflate) : path_(std::move(path)), deflate_(deflate) {}

void NpzWriter::AddValues(const std::string& name, const std::string& descr, const std::vector<int64_t>& shape,
                          std::span<const std::byte> data, size_t value_size) {
  uint64_t count = 1;
  for (const int64_t size : shape) count *= static_cast<uint64_t>(size);
  if (count * value_size != data.size())
    Fail("{}: {} values do not fill the shape", Where(path_.string(), name), data.size() / value_size);
  parts_.push_back({name, NpyHeader(descr, shape), data});
}

void NpzWriter::Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const double> values) {
  AddValues(name, "<f8", shape, std::as_bytes(values), sizeof(double));
}
void NpzWriter::Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const float> values) {
  AddValues(name, "<f4", shape, std::as_bytes(values), sizeof(float));
}
void NpzWriter::Add(const std::string& name, const std::vector<int64_t>& shape, std::span<const uint8_t> values) {
  AddValues(name, "|u1", shape, std::as_bytes(values), 1);
}
void NpzWriter::AddText(const std::string& name, const std::string& text) {
  parts_.push_back({name, FormatNpyTexts({}, std::span(&text, 1), Where(path_.string(), name)), {}});
}
void NpzWriter::AddTexts(const std::string& name, std::span<const std::string> texts) {
  parts_.push_back(
      {name, FormatNpyTexts({static_cast<int64_t>(texts.size())}, texts, Where(path_.string(), name)), {}});
}

void NpzWriter::Commit() {
  AtomicFile file(path_);
  const std::string origin = path_.string();
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = target ? zip_open_from_source(target, ZIP_TRUNCATE, &error) : nullptr;
  if (!archive) Fail("{}: {}", origin, Reason(&error));
  zip_source_keep(target);
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> kept(target, zip_source_free);
  std::unique_ptr<zip_t, void (*)(zip_t*)> open(archive, zip_discard);
  const auto failed = [&] { Fail("{}: {}", origin, zip_error_strerror(zip_get_error(archive))); };
  for (Part& part : parts_) {
    const zip_buffer_fragment_t fragments[] = {
        {reinterpret_cast<zip_uint8_t*>(part.head.data()), part.head.size()},
        {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(part.data.data())), part.data.size()}};
    zip_source_t* source = zip_source_buffer_fragment(archive, fragments, part.data.empty() ? 1 : 2, 0);
    if (!source) failed();
    const zip_int64_t index = zip_file_add(archive, (part.name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) zip_source_free(source);
    if (index < 0) failed();
    const auto place = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t kDate = 0x21;  // 1980-01-01: the same arrays are the same bytes
    if (zip_set_file_compression(archive, place, deflate_ ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive, place, 0, kDate, 0) != 0)
      failed();
  }
  if (zip_close(archive) != 0) failed();
  open.release();
  CopyTo(target, origin, &file);
  file.Commit();
}

}  // namespace skipbench
