// Where a pipeline's components come from: a folder in diffusers' layout, or an original single-file checkpoint, which
// looks the same from here.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/io/tokenizers/t5_tokenizer.h"
#include "harness/models/load.h"
#include "harness/models/single_file.h"
#include "harness/nn/weights/weights.h"
#include "harness/pipelines/model_folder.h"
#include "harness/pipelines/pipeline.h"

namespace skipbench {

class ModelSource {
 public:
  struct Config {
    Json json;
    std::string file;  // for messages
    JsonReader reader() const { return JsonReader(json, file); }
  };

  virtual ~ModelSource() = default;
  virtual std::filesystem::path path() const = 0;  // the folder, or the file
  virtual const ModelIndex& index() const = 0;
  virtual ClipTokenizer OpenTokenizer(const std::string& component, ClipVariant variant) const = 0;
  // The tokenizer of a T5 or UMT5. Throws Error unless the component is one.
  virtual T5Tokenizer OpenT5Tokenizer(const std::string& component, ClipVariant variant) const;
  // The folder with the files that a tokenizer is read from; empty if there is none.
  virtual std::filesystem::path TokenizerFolder(const std::string& component) const = 0;

  // A component's config, which must be there and have one of these classes. The scheduler's and the feature
  // extractor's have their own file names.
  Config ConfigOf(const std::string& component, const std::vector<std::string>& classes) const;
  // Its weights, under diffusers' names. `stem`: of the files, "diffusion_pytorch_model" or "model".
  Weights OpenWeights(const std::string& component, const std::string& stem, WeightsOptions options) const;
  // Puts another autoencoder, as FindVae gives it, in the place of the model's own ("vae" of a config). Throws Error
  // where the model has no AutoencoderKL.
  void ReplaceVae(const std::filesystem::path& vae);

  std::vector<std::string> Tokenizers() const;  // components, CLIP's and T5's: "tokenizer", "tokenizer_2", ...
  bool IsT5Tokenizer(const std::string& component) const;
  // "slow" or "fast"; "" asks for the default, which is the slow one, but the fast one where the folder of a tokenizer
  // of CLIP holds nothing but tokenizer.json, as transformers 5 saves it, or there is none of CLIP.
  ClipVariant TokenizerVariant(const std::string& wanted) const;
  // The same of a T5's, whose default is the fast one.
  static ClipVariant T5Variant(const std::string& wanted);

  // Throws Error that names all components of the index which a pipeline reads and whose folders are missing.
  virtual void RequireComponents() const {}

  // The files beside the weights that were read so far, configs and tokenizers, by their places in the model:
  // "unet/config.json".
  const std::map<std::string, std::filesystem::path>& read_files() const { return read_; }
  // The files that weights were opened from so far.
  const std::vector<std::filesystem::path>& weight_files() const { return weight_files_; }

  // What people should know of the source although it can be used ("fp16 for part of it"); each text is kept once.
  void Note(const std::string& text) const;
  // Notes the keys of a config of diffusers' that change nothing.
  void NoteKeysWithoutEffect(const std::string& component, const Json& config) const;
  const std::vector<std::string>& notes() const { return notes_; }

  // Adds those that the tokenizers are read from, as far as there are any.
  void NoteTokenizers() const;

 protected:
  // The same of the model's own components.
  virtual Config OwnConfig(const std::string& component, const std::vector<std::string>& classes) const = 0;
  virtual Weights OpenOwnWeights(const std::string& component, const std::string& stem,
                                 WeightsOptions options) const = 0;
  void NoteRead(const std::string& component, const std::filesystem::path& file) const;

 private:
  mutable std::map<std::string, std::filesystem::path> read_;
  mutable std::vector<std::filesystem::path> weight_files_;
  mutable std::vector<std::string> notes_;
  std::optional<VaeFile> vae_;  // in the place of the model's own
};

class FolderSource : public ModelSource {
 public:
  explicit FolderSource(std::filesystem::path folder) : folder_(std::move(folder)) { NoteRead("", folder_.file()); }
  std::filesystem::path path() const override { return folder_.path(); }
  const ModelIndex& index() const override { return folder_; }
  ClipTokenizer OpenTokenizer(const std::string& component, ClipVariant variant) const override;
  T5Tokenizer OpenT5Tokenizer(const std::string& component, ClipVariant variant) const override;
  std::filesystem::path TokenizerFolder(const std::string& component) const override;
  void RequireComponents() const override;
  // As diffusers does: a component without files of the options' variant is read from its plain ones, which is noted.
  // Throws Error when no component has files of it (unless no weights are to be opened).
  void CheckVariant(const PipelineOptions& options) const;

 private:
  struct Stored {
    std::string component;
    const char* stem;  // of its weight files
  };
  Config OwnConfig(const std::string& component, const std::vector<std::string>& classes) const override;
  Weights OpenOwnWeights(const std::string& component, const std::string& stem, WeightsOptions options) const override;
  std::vector<Stored> StoredNetworks() const;  // what has weights, in the order in which messages name it
  std::filesystem::path FolderOf(const std::string& component) const;
  ModelFolder folder_;
};

class SingleFileSource : public ModelSource {
 public:
  // `tokenizer_folder`: a tokenizer of CLIP (see ReadClipTokenizer()), or a folder with "tokenizer" (and "tokenizer_2")
  // in it, such as a model in diffusers' layout. If empty, SKIPBENCH_TOKENIZER_FOLDER says it, or it is "tokenizer"
  // beside the file.
  SingleFileSource(SingleFile file, std::filesystem::path tokenizer_folder)
      : file_(std::move(file)),
        index_(file_.index(), file_.path().string()),
        tokenizer_folder_(std::move(tokenizer_folder)) {
    for (const auto& note : file_.notes()) Note(note);
  }
  std::filesystem::path path() const override { return file_.path(); }
  const ModelIndex& index() const override { return index_; }
  ClipTokenizer OpenTokenizer(const std::string& component, ClipVariant variant) const override;
  std::filesystem::path TokenizerFolder(const std::string& component) const override;

 private:
  Config OwnConfig(const std::string& component, const std::vector<std::string>& classes) const override;
  Weights OpenOwnWeights(const std::string& component, const std::string&, WeightsOptions options) const override {
    return file_.OpenWeights(component, std::move(options));
  }
  std::filesystem::path LookForTokenizers() const;  // where they should be
  SingleFile file_;
  ModelIndex index_;
  std::filesystem::path tokenizer_folder_;
};

// What stands in `path`, a folder or a single-file checkpoint. Throws Error for options that do not fit it.
std::unique_ptr<ModelSource> OpenModelSource(const std::filesystem::path& path, const PipelineOptions& options);

// The classes of diffusers that a T is read from.
template <typename T>
std::vector<std::string> ClassNamesOf() {
  return {std::begin(T::kClassNames), std::end(T::kClassNames)};
}

// A component's config, parsed. Keys of diffusers' configs that are without effect are noted; transformers' are full of
// them.
template <typename T>
auto ParseConfigOf(const ModelSource& source, const std::string& component) {
  const ModelSource::Config config = source.ConfigOf(component, ClassNamesOf<T>());
  auto parsed = T::ParseConfig(config.reader());
  if (std::string_view(StemOf<T>()) == StemOf<Network>()) source.NoteKeysWithoutEffect(component, config.json);
  return parsed;
}

// A component, built strictly (see Build()). Its class must be one of `classes`.
template <typename T>
std::unique_ptr<T> LoadComponent(const ModelSource& source, const std::string& component, WeightsOptions options,
                                 const std::vector<std::string>& classes = ClassNamesOf<T>()) {
  const ModelSource::Config config = source.ConfigOf(component, classes);
  const Weights weights = source.OpenWeights(component, StemOf<T>(), OptionsOf<T>(std::move(options)));
  for (const auto& note : weights.notes()) source.Note("model: " + note);
  return Build<T>(config.reader(), weights);
}

}  // namespace skipbench
