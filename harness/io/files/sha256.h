// SHA-256 (FIPS 180-4) by libcrypto, for the provenance of model files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;  // libcrypto's EVP_MD_CTX

namespace skipbench {

class Sha256 {
 public:
  Sha256();
  void Update(std::span<const std::byte> data);
  // 64 hexadecimal digits. Call once, at the end.
  std::string HexDigest();

 private:
  std::shared_ptr<evp_md_ctx_st> context_;
};

// Reads the file in pieces; throws Error naming it. About 1.5 GB/s where the processor has SHA instructions, a fifth of
// that elsewhere.
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace skipbench
