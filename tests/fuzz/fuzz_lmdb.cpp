// LSUN databases with damaged pages: LMDB reads them in another process. The input is a list of changes (place, bytes)
// to a small database.
#include <lmdb.h>

#include <filesystem>

#include "datasets/lsun.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace skipbench;

std::string Base() {
  const auto path = fuzz::Folder() / "base.mdb";
  MDB_env* env;
  MDB_txn* transaction;
  MDB_dbi database;
  mdb_env_create(&env);
  mdb_env_set_mapsize(env, size_t{1} << 20);
  mdb_env_open(env, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0644);
  mdb_txn_begin(env, nullptr, 0, &transaction);
  mdb_dbi_open(transaction, nullptr, 0, &database);
  for (int i = 0; i < 60; ++i) {
    std::string key = fmt::format("{:040x}", i * 7919), value(i % 10 == 0 ? 9000 : 200, static_cast<char>(i));
    MDB_val k{key.size(), key.data()}, v{value.size(), value.data()};
    mdb_put(transaction, database, &k, &v, 0);
  }
  mdb_txn_commit(transaction);
  mdb_env_close(env);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string base = Base();
  std::string file = base;
  for (size_t at = 0; at + 5 <= size;) {
    const size_t place = (data[at] | size_t{data[at + 1]} << 8 | size_t{data[at + 2]} << 16) % file.size(),
                 count = 1 + data[at + 3] % 8;
    at += 4;
    for (size_t i = 0; i < count && at < size && place + i < file.size(); ++i)
      file[place + i] = static_cast<char>(data[at++]);
  }
  if (size > 0 && data[size - 1] % 8 == 0) file.resize(file.size() / 2);
  fuzz::Write("data.mdb", file);
  return fuzz::Try([&] {
    const auto pictures = OpenLsun(fuzz::Folder() / "data.mdb");
    for (int64_t i = 0; i < std::min<int64_t>(pictures->size(), 20); ++i) fuzz::Try([&] { pictures->Read(i); });
  });
}
