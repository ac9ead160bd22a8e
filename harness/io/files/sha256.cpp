#include "harness/io/files/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "harness/base/error.h"
#include "harness/io/files/mapped_file.h"

namespace skipbench {
namespace {

void Check(int success) {
  if (success != 1) Fail("libcrypto cannot compute SHA-256");
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  Check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::Update(std::span<const std::byte> data) {
  Check(EVP_DigestUpdate(context_.get(), data.data(), data.size()));
}

std::string Sha256::HexDigest() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  Check(EVP_DigestFinal_ex(context_.get(), digest, &length));
  std::string text;
  for (const unsigned char byte : std::span(digest, length)) text += fmt::format("{:02x}", byte);
  return text;
}

std::string Sha256OfFile(const std::filesystem::path& path) {
  constexpr size_t kPiece = size_t{4} << 20;
  const MappedFile file(path);
  std::vector<std::byte> buffer(std::min(kPiece, file.bytes().size()));
  Sha256 hash;
  for (size_t at = 0; at < file.bytes().size(); at += kPiece) {
    const auto part = file.bytes().subspan(at, std::min(kPiece, file.bytes().size() - at));
    file.Read(part, buffer.data());
    hash.Update(std::span(buffer).first(part.size()));
  }
  return hash.HexDigest();
}

}  // namespace skipbench
