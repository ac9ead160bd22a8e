// The one way in which networks are made of files, for programs, tests and benchmarks: a config, then the weights,
// strictly.
#pragma once

#include <filesystem>
#include <memory>
#include <type_traits>

#include "harness/models/catalog.h"

namespace skipbench {

// How the weight files of a network's class are called: STEM.safetensors.
template <typename T>
constexpr const char* StemOf() {
  if constexpr (requires { T::kStem; }) return T::kStem;
  return "diffusion_pytorch_model";
}

// `options` with the tensors that the class lets files hold although it does not take them, and with those that it
// keeps in a type of their own.
template <typename T>
WeightsOptions OptionsOf(WeightsOptions options) {
  if constexpr (requires { T::kIgnored; }) options.ignore.push_back(T::kIgnored);
  if constexpr (requires { T::WithOwnTypes(options); }) options = T::WithOwnTypes(std::move(options));
  return options;
}

// A T of its config.json and its weights: an autoencoder, a text encoder, or, as Network, whatever of the catalog the
// config names. Every missing, unexpected and mis-shaped tensor is in one Error.
template <typename T>
std::unique_ptr<T> Build(const JsonReader& config, const Weights& w) {
  std::unique_ptr<T> network;
  if constexpr (std::is_same_v<T, Network>) {
    network = MakeNetwork(config, w);
  } else {
    network = std::make_unique<T>(T::ParseConfig(config), w);
  }
  w.Finish();
  return network;
}

// The same of FOLDER/config.json and the weights beside it (or shards with their index).
template <typename T>
std::unique_ptr<T> LoadFolder(const std::filesystem::path& folder, WeightsOptions options = {}) {
  const std::filesystem::path file = folder / "config.json";
  const Json config = ReadJsonFile(file);
  const Weights weights = Weights::FromFolder(folder, StemOf<T>(), OptionsOf<T>(std::move(options)));
  return Build<T>(JsonReader(config, file.string()), weights);
}

}  // namespace skipbench
