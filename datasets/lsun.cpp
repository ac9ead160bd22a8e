#include "datasets/lsun.h"

#include <lmdb.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "datasets/numbered.h"
#include "harness/base/error.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Of resized copies (prepare_data.py of StyleGAN2 in PyTorch and of those that took it over): how many pictures there are.
constexpr std::string_view kLength = "length";

class LsunDatabase : public PictureSet {
 public:
  explicit LsunDatabase(const fs::path& path) : path_(fs::is_directory(path) ? path / "data.mdb" : path) {
    Check(mdb_env_create(&env_), "create");
    try {
      // Without a lock file: the folder may be read-only, and nobody writes.
      Check(mdb_env_open(env_, path_.c_str(), MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD, 0), "opened");
      RequireWhole();
      ReadKeys();
    } catch (...) {
      mdb_env_close(env_);
      throw;
    }
  }
  ~LsunDatabase() override { mdb_env_close(env_); }
  LsunDatabase(const LsunDatabase&) = delete;
  LsunDatabase& operator=(const LsunDatabase&) = delete;

  std::string description() const override { return fmt::format("{}: {} pictures (LMDB)", path_.string(), keys_.size()); }
  int64_t size() const override { return static_cast<int64_t>(keys_.size()); }
  std::string name(int64_t index) const override { return keys_.at(static_cast<size_t>(index)); }
  std::string where(int64_t index) const override { return fmt::format("{}: the picture {}", path_.string(), name(index)); }
  std::vector<Image> ReadFrames(int64_t index) const override {
    const Transaction transaction(*this);
    std::string key = name(index);
    MDB_val place{key.size(), key.data()}, value;
    Check(mdb_get(transaction.get(), dbi_, &place, &value), "read");
    const std::span bytes(static_cast<const std::byte*>(value.mv_data), value.mv_size);
    return {DecodeImage(bytes, where(index))};
  }

 private:
  class Transaction {
   public:
    explicit Transaction(const LsunDatabase& owner) { owner.Check(mdb_txn_begin(owner.env_, nullptr, MDB_RDONLY, &transaction_), "read"); }
    ~Transaction() { mdb_txn_abort(transaction_); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    MDB_txn* get() const { return transaction_; }

   private:
    MDB_txn* transaction_ = nullptr;
  };

  void Check(int code, const char* what) const {
    if (code != 0) Fail("{}: cannot be {} as an LMDB database: {}", path_.string(), what, mdb_strerror(code));
  }

  // A database is mapped into memory: reading beyond the end of a truncated file would end the program.
  void RequireWhole() const {
    MDB_envinfo info;
    MDB_stat stat;
    Check(mdb_env_info(env_, &info), "read");
    Check(mdb_env_stat(env_, &stat), "read");
    const uint64_t needed = (uint64_t{info.me_last_pgno} + 1) * stat.ms_psize, there = fs::file_size(path_);
    if (there < needed) Fail("{}: truncated: {} bytes, its own header says {}", path_.string(), there, needed);
  }

  void ReadKeys() {
    const Transaction transaction(*this);
    Check(mdb_dbi_open(transaction.get(), nullptr, 0, &dbi_), "read");
    MDB_cursor* cursor;
    Check(mdb_cursor_open(transaction.get(), dbi_, &cursor), "read");
    MDB_val key, value;
    int code;
    std::string length;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
      if (const std::string_view text(static_cast<const char*>(key.mv_data), key.mv_size); text == kLength) {
        length.assign(static_cast<const char*>(value.mv_data), std::min(value.mv_size, size_t{20}));
      } else {
        keys_.emplace_back(text);
      }
    mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND) Check(code, "read");
    if (keys_.empty()) Fail("{}: the database is empty", path_.string());
    if (!length.empty() && length != std::to_string(keys_.size()))
      Fail("{}: {} pictures, but its entry \"{}\" says {} (copies in several sizes, or a copy that was not finished?)", path_.string(), keys_.size(), kLength, length);
  }

  fs::path path_;
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::vector<std::string> keys_;
};

}  // namespace

bool IsLsunDatabase(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? fs::exists(path / "data.mdb", error) : path.filename() == "data.mdb" && fs::exists(path, error);
}

std::unique_ptr<PictureSet> OpenLsun(const fs::path& path) { return std::make_unique<LsunDatabase>(path); }

Dataset ReadLsun(const JsonReader& config, const fs::path& base_folder) {
  const fs::path folder = ResolvePath(config.String("folder"), base_folder);
  std::error_code error;
  if (!fs::exists(folder, error)) Fail("{}: missing; expected an LSUN database (folder with data.mdb) or a folder of its pictures", folder.string());
  const auto pictures = IsLsunDatabase(folder) ? OpenLsun(folder) : OpenPictureFiles(folder);
  return NumberedSamples("lsun", config, folder, *pictures);
}

}  // namespace skipbench
