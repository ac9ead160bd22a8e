#include "datasets/lsun.h"

#include <lmdb.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/error.h"
#include "harness/io/files/child_process.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Of resized copies (prepare_data.py of StyleGAN2 in PyTorch and of those that took it over): how many pictures there
// are.
constexpr std::string_view kLength = "length";

// An open database. On damaged pages LMDB ends the process that reads them, so this is used in one of its own only.
class Database {
 public:
  // Whatever throws, the destructor runs: the object is complete once the other constructor is through.
  explicit Database(const fs::path& path) : Database() {
    path_ = path;
    Check(mdb_env_create(&env_), "create");
    // Without a lock file: the folder may be read-only, and nobody writes.
    Check(mdb_env_open(env_, path_.c_str(), MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD, 0),
          "opened");
    RequireWhole();
  }
  ~Database() {
    if (env_) mdb_env_close(env_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Calls `take` with every key, in order.
  void EachKey(const std::function<void(std::string_view)>& take) {
    const Transaction transaction(*this);
    MDB_cursor* cursor;
    Check(mdb_cursor_open(transaction.get(), transaction.dbi(), &cursor), "read");
    MDB_val key, value;
    std::string previous;
    int64_t count = 0;
    int code;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
      // LMDB's own limit is 511 bytes.
      if (key.mv_size > 4096) Fail("{}: damaged: it has a key of {} bytes", path_.string(), key.mv_size);
      // Pages that stand in several places would give keys without end.
      MDB_val before{previous.size(), previous.data()};
      if (count++ > 0 && mdb_cmp(transaction.get(), transaction.dbi(), &before, &key) >= 0)
        Fail("{}: damaged, or no database of pictures: its key number {} does not come after the one before it",
             path_.string(), count);
      previous.assign(static_cast<const char*>(key.mv_data), key.mv_size);
      take(previous);
    }
    mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND) Check(code, "read");
  }

  std::string Value(std::string key) {
    const Transaction transaction(*this);
    MDB_val where{key.size(), key.data()}, value;
    Check(mdb_get(transaction.get(), transaction.dbi(), &where, &value), "read");
    if (value.mv_size > kMaxPicture)
      Fail("{}: the picture {} has {} bytes; at most {} are read", path_.string(), key, value.mv_size, kMaxPicture);
    return {static_cast<const char*>(value.mv_data), value.mv_size};
  }

 private:
  static constexpr size_t kMaxPicture = size_t{1} << 27;

  Database() = default;

  class Transaction {
   public:
    explicit Transaction(const Database& owner) {
      MDB_txn* transaction = nullptr;
      owner.Check(mdb_txn_begin(owner.env_, nullptr, MDB_RDONLY, &transaction), "read");
      transaction_.reset(transaction);
      owner.Check(mdb_dbi_open(transaction, nullptr, 0, &dbi_), "read");
    }
    MDB_txn* get() const { return transaction_.get(); }
    MDB_dbi dbi() const { return dbi_; }

   private:
    std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> transaction_{nullptr, mdb_txn_abort};
    MDB_dbi dbi_ = 0;
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

  fs::path path_;
  MDB_env* env_ = nullptr;
};

// The child's side: all keys, an empty message, and then the value of every key that is asked for.
void Serve(const fs::path& path, Channel& channel) {
  Database database(path);
  ForbidOpeningFiles();
  std::string keys;
  const auto send = [&] {
    if (!keys.empty()) channel.Send(keys);
    keys.clear();
  };
  database.EachKey([&](std::string_view key) {
    const uint32_t length = static_cast<uint32_t>(key.size());
    keys.append(reinterpret_cast<const char*>(&length), sizeof length);
    keys += key;
    if (keys.size() > (size_t{1} << 20)) send();
  });
  send();
  channel.Send("");
  while (const auto key = channel.Receive()) {
    std::string answer;
    try {
      answer = '+';
      answer += database.Value(*key);
    } catch (const Error& error) {
      answer = std::string("-") + error.what();
    }
    channel.Send(answer);
  }
}

class LsunDatabase : public PictureSet {
 public:
  explicit LsunDatabase(const fs::path& path) : path_(fs::is_directory(path) ? path / "data.mdb" : path) {
    keys_ = Start();
    std::string length;
    if (const auto entry = std::find(keys_.begin(), keys_.end(), kLength); entry != keys_.end()) {
      length = Value(*entry, fmt::format("{}: its entry \"{}\"", path_.string(), kLength)).substr(0, 20);
      keys_.erase(entry);
    }
    if (keys_.empty()) Fail("{}: the database is empty", path_.string());
    if (!length.empty() && length != std::to_string(keys_.size()))
      Fail("{}: {} pictures, but its entry \"{}\" says {} (copies in several sizes, or a copy that was not finished?)",
           path_.string(), keys_.size(), kLength, length);
  }

  std::string description() const override {
    return fmt::format("{}: {} pictures (LMDB)", path_.string(), keys_.size());
  }
  int64_t size() const override { return static_cast<int64_t>(keys_.size()); }
  std::string name(int64_t index) const override { return keys_.at(static_cast<size_t>(index)); }
  std::string where(int64_t index) const override {
    return fmt::format("{}: the picture {}", path_.string(), name(index));
  }
  std::vector<Image> ReadFrames(int64_t index) const override {
    const std::string value = Value(name(index), where(index));
    return {DecodeImage(std::as_bytes(std::span(value)), where(index))};
  }

 private:
  // Starts the child and takes the keys from it.
  std::vector<std::string> Start() const {
    auto child =
        std::make_unique<ChildProcess>(path_.string(), ChildLimits(), [&](Channel& channel) { Serve(path_, channel); });
    std::vector<std::string> keys;
    for (;;) {
      const auto message = child->Receive();
      if (!message) Fail("{}: the process that reads it has ended", path_.string());
      if (message->empty()) {
        child_ = std::move(child);
        return keys;
      }
      for (size_t at = 0; at < message->size();) {
        uint32_t length = 0;
        if (message->size() - at < sizeof length) Fail("{}: damaged: its keys make no sense", path_.string());
        std::memcpy(&length, message->data() + at, sizeof length);
        at += sizeof length;
        if (length > message->size() - at) Fail("{}: damaged: its keys make no sense", path_.string());
        keys.push_back(message->substr(at, length));
        at += length;
      }
    }
  }

  // A picture on a damaged page costs the child; the next one is asked of a new one.
  std::string Value(const std::string& key, const std::string& where) const {
    const std::lock_guard lock(mutex_);
    if (!child_) Start();
    std::optional<std::string> answer;
    try {
      child_->Send(key);
      answer = child_->Receive();
    } catch (const Error& error) {
      child_.reset();
      Fail("{}: {}", where, error.what());
    }
    if (!answer || answer->empty()) {
      child_.reset();
      Fail("{}: the process that reads it has ended", where);
    }
    if ((*answer)[0] != '+') Fail("{}: {}", where, answer->substr(1));
    return answer->substr(1);
  }

  fs::path path_;
  std::vector<std::string> keys_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<ChildProcess> child_;
};

}  // namespace

bool IsLsunDatabase(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? fs::exists(path / "data.mdb", error)
                                       : path.filename() == "data.mdb" && fs::exists(path, error);
}

std::unique_ptr<PictureSet> OpenLsun(const fs::path& path) { return std::make_unique<LsunDatabase>(path); }

namespace {

struct Options {
  std::string folder;
  NumberOptions numbers;
};

Dataset ReadLsun(const Options& options, const fs::path& base_folder) {
  const fs::path folder = ResolvePath(options.folder, base_folder);
  std::error_code error;
  if (!fs::exists(folder, error))
    Fail("{}: missing; expected an LSUN database (folder with data.mdb) or a folder of its pictures", folder.string());
  const auto pictures = IsLsunDatabase(folder) ? OpenLsun(folder) : OpenPictureFiles(folder);
  return NumberedSamples("lsun", options.numbers, folder, *pictures);
}

}  // namespace

DatasetType LsunType() {
  OptionTable<Options> table("lsun", {Field("folder", &Options::folder)
                                          .Required()
                                          .Allowed("folder")
                                          .Help("an LMDB database, or pictures exported from one")});
  table.Include(&Options::numbers, NumberTable());
  return DeclareDataset("samples for an unconditional model beside an LSUN database or folder", table, ReadLsun);
}

}  // namespace skipbench
