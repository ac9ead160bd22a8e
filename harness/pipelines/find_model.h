// Where the model is that a config names.
#pragma once

#include <filesystem>
#include <string>

namespace skipbench {

// The folder or .safetensors file that `name` means (of a Hugging Face cache's models--ORG--NAME the snapshot that
// refs/main names): a path (absolute, or relative to `base`), or a name on the model search path: `models`
// (colon-separated, the --models option), then the environment variable SKIPBENCH_MODELS, then what ships with the
// project ("fashion-scenes", "fashion-motion", "fashion-flow"). Throws Error that lists where it looked.
std::filesystem::path FindModel(const std::string& name, const std::filesystem::path& base, const std::string& models);

// The same for an autoencoder ("vae" of a config): a folder with its config.json, a model's folder (whose vae it is),
// or a .safetensors file.
std::filesystem::path FindVae(const std::string& name, const std::filesystem::path& base, const std::string& models);

// What people call the model in `path`: "stable-diffusion-v1-5" for the folder, "NAME" for
// models--ORG--NAME/snapshots/COMMIT.
std::string ModelName(const std::filesystem::path& path);

}  // namespace skipbench
