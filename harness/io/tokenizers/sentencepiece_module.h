// What skipbench has of libsentencepiece: a library of its own, loaded when it is needed and shut off from the rest.
// libsentencepiece 0.1.97 and LibTorch's libc10 2.11 both export FLAGS_minloglevel, of 32 and of 4 bytes. Linked into
// one program both take libc10's, and what sentencepiece writes there is another object's memory (a mutex's, for which
// TorchScript then waits for ever). findings/sentencepiece_libc10_flag.sh shows it.
#pragma once

#include <string>
#include <vector>

extern "C" {
// A processor by the bytes of a spiece.model; null, and why, where sentencepiece does not take them.
void* SkipbenchSentencePieceLoad(const std::string& model, std::string* error);
// The ids of a text; false, and why, where it cannot be encoded.
bool SkipbenchSentencePieceEncode(const void* processor, const std::string& text, std::vector<int>* ids,
                                  std::string* error);
void SkipbenchSentencePieceFree(void* processor);
}
