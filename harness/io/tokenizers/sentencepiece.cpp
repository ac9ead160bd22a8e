#include "harness/io/tokenizers/sentencepiece.h"

#include <dlfcn.h>

#include <filesystem>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/sentencepiece_module.h"

namespace skipbench {
namespace {

// The library lies beside the program. With RTLD_DEEPBIND it finds its own names before the program's; sanitizers do
// not allow that, and tests under them keep the two libraries apart by not using TorchScript.
void* Module() {
  static void* module = [] {
    const auto file = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libskipbench_sentencepiece.so";
    const bool sanitized = dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init");
    void* loaded = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | (sanitized ? 0 : RTLD_DEEPBIND));
    if (!loaded) Fail("{}: sentencepiece cannot be loaded: {}", file.string(), dlerror());
    return loaded;
  }();
  return module;
}

template <typename Function>
Function* Find(Function* /*its type*/, const char* name) {
  void* found = dlsym(Module(), name);
  if (!found) Fail("libskipbench_sentencepiece.so has no {}: it is of another build", name);
  return reinterpret_cast<Function*>(found);
}
#define SKIPBENCH_FIND(name) Find(static_cast<decltype(&(name))>(nullptr), #name)

}  // namespace

SentencePiece::SentencePiece(const std::string& model, const std::string& origin) {
  std::string error;
  processor_.reset(SKIPBENCH_FIND(SkipbenchSentencePieceLoad)(model, &error), [](void* processor) {
    if (processor) SKIPBENCH_FIND(SkipbenchSentencePieceFree)(processor);
  });
  if (!processor_) Fail("{}: sentencepiece does not take it: {}", origin, error);
}

std::vector<int> SentencePiece::Encode(const std::string& text) const {
  std::vector<int> ids;
  std::string error;
  if (!SKIPBENCH_FIND(SkipbenchSentencePieceEncode)(processor_.get(), text, &ids, &error))
    Fail("sentencepiece cannot encode \"{}\": {}", Printable(text), error);
  return ids;
}

}  // namespace skipbench
