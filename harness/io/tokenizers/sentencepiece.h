// sentencepiece's own tokenizer of a spiece.model (Kudo and Richardson 2018, arXiv 1808.06226).
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace skipbench {

class SentencePiece {
 public:
  // Throws Error that names `origin` where sentencepiece does not take the bytes of the model, and one that names the
  // library where it is missing.
  SentencePiece(const std::string& model, const std::string& origin);
  std::vector<int> Encode(const std::string& text) const;

 private:
  std::shared_ptr<void> processor_;
};

}  // namespace skipbench
