#include "harness/experiment/run/kept_outputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "harness/experiment/extend/same_setting.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/files/safetensors.h"
#include "harness/io/files/sha256.h"
#include "harness/runtime/device_index.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> BytesOf(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())};
}

std::string HashOf(const at::Tensor& row) {
  Sha256 hash;
  hash.Update(BytesOf(row));
  return hash.HexDigest();
}

struct TypeInFile {
  at::ScalarType type;
  Dtype dtype;
};
constexpr TypeInFile kTypes[] = {
    {at::kFloat, Dtype::kF32}, {at::kDouble, Dtype::kF64}, {at::kHalf, Dtype::kF16}, {at::kBFloat16, Dtype::kBF16}};

at::Tensor ToTensor(const SafetensorsEntry& entry, const std::string& file) {
  for (const auto& [type, dtype] : kTypes) {
    if (entry.dtype != dtype) continue;
    const at::Tensor tensor = at::empty(entry.shape, type);
    std::memcpy(tensor.mutable_data_ptr(), entry.bytes.data(), entry.bytes.size());
    return tensor;
  }
  Fail("{}: {} has the type {}, expected F32, F64, F16 or BF16", file, entry.name, DtypeName(entry.dtype));
}

// Timesteps, hashes in hexadecimal, outputs: the bytes that stand behind a file's header, and their hash.
struct Content {
  std::string timesteps, inputs;
  at::Tensor outputs;

  std::string Hash() const {
    Sha256 hash;
    hash.Update(std::as_bytes(std::span(timesteps)));
    hash.Update(std::as_bytes(std::span(inputs)));
    hash.Update(BytesOf(outputs));
    return hash.HexDigest();
  }
};

constexpr int64_t kDigits = 64;

}  // namespace

DenoiserOutput KeptDenoiser::Predict(const DenoiserInput& input) {
  if (input.site || input.from || input.guidance_row >= 0) return network_.Predict(input);
  const int64_t n = input.sample.size(0);
  const at::Tensor rows = input.sample.contiguous().cpu();
  std::vector<std::pair<double, std::string>> keys;
  if (!input.keep.empty()) {  // features are not kept
    DenoiserOutput made = network_.Predict(input);
    for (int64_t i = 0; remember_ && i < n; ++i)
      known_.at(input.conditioning[i]).try_emplace({input.timestep, HashOf(rows[i])}, made.model_output.select(1, i));
    return made;
  }
  std::vector<at::Tensor> outputs(static_cast<size_t>(n));
  std::vector<int64_t> missing, conditioning;
  for (int64_t i = 0; i < n; ++i) {
    keys.emplace_back(input.timestep, HashOf(rows[i]));
    const KeptOutputs& known = known_.at(input.conditioning[i]);
    if (const auto found = known.find(keys.back()); found != known.end()) {
      outputs[i] = found->second.to(input.sample.device(), /*non_blocking=*/true);
      ++found_;
      continue;
    }
    missing.push_back(i);
    conditioning.push_back(input.conditioning[i]);
  }
  if (!missing.empty()) {
    DenoiserInput some = input;
    if (std::ssize(missing) < n)
      some.sample = input.sample.index_select(0, DeviceIndex(missing, input.sample.device()));
    some.conditioning = conditioning;
    const at::Tensor made = network_.Predict(some).model_output;
    for (size_t k = 0; k < missing.size(); ++k) outputs[missing[k]] = made.select(1, static_cast<int64_t>(k));
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t c = input.conditioning[i];
    if (remember_) known_.at(c).try_emplace(keys[i], outputs[i]);
    used_.at(c).insert_or_assign(keys[i], outputs[i]);
  }
  return {at::stack(outputs, 1), {}};
}

std::vector<KeptOutputs> KeptDenoiser::TakeUsed() {
  return std::exchange(used_, std::vector<KeptOutputs>(known_.size()));
}

KeptFolder::KeptFolder(const Plan& plan, const RunHeader& header, fs::path out, const std::vector<fs::path>& earlier,
                       bool alone)
    : plan_(plan),
      header_(header),
      config_(ReadKept(plan.config.json, plan.config.file.string())),
      own_(out / kKeptFolder),
      alone_(alone) {
  for (const auto& result : earlier) {
    const fs::path folder = (fs::is_directory(result) ? result : result.parent_path()) / kKeptFolder;
    if (std::error_code error; fs::is_directory(folder, error)) folders_.push_back(folder);
  }
  common_ = WhatAllDependOn(header).dump();
  if (!config_.keeps()) return;
  CountBytes();
  if (alone_) RemoveTemporaries(own_, /*below=*/false);
}

void KeptFolder::CountBytes() {
  std::error_code error;
  bytes_ = 0;
  for (fs::directory_iterator entry(own_, error), end; !error && entry != end; entry.increment(error))
    if (std::error_code none; entry->is_regular_file(none)) bytes_ += static_cast<int64_t>(entry->file_size(none));
}

std::string KeptFolder::NameOf(int reference, int64_t ordinal) const {
  const Sample& sample = plan_.samples[ordinal];
  Json what = {{"run", common_},
               {"setting", WhatItComputes(header_, static_cast<size_t>(reference))},
               {"id", sample.id},
               {"label", sample.label},
               {"caption", sample.caption}};
  if (plan_.config.noise.source == "file") what["ordinal"] = ordinal;
  if (!sample.image.empty()) what["image"] = Sha256OfFile(sample.image);
  Sha256 hash;
  const std::string text = what.dump(-1, ' ', false, Json::error_handler_t::replace);
  hash.Update(std::as_bytes(std::span(text)));
  return hash.HexDigest().substr(0, 32) + ".safetensors";
}

KeptOutputs KeptFolder::Find(int reference, int64_t ordinal) const {
  const std::string name = NameOf(reference, ordinal);
  std::vector<fs::path> folders = folders_;
  if (config_.keeps()) folders.push_back(own_);
  for (const auto& folder : folders) {
    const fs::path path = folder / name;
    if (std::error_code error; !fs::exists(path, error)) continue;
    const auto file = SafetensorsFile::Open(path);
    const auto *timesteps = file->Find("timesteps"), *inputs = file->Find("inputs"), *outputs = file->Find("outputs");
    const auto hash = file->metadata().find("sha256");
    if (!timesteps || !inputs || !outputs || hash == file->metadata().end())
      Fail("{}: is no file of kept outputs (timesteps, inputs, outputs and their sha256 were expected)", path.string());
    Content content;
    content.timesteps.assign(reinterpret_cast<const char*>(timesteps->bytes.data()), timesteps->bytes.size());
    content.inputs.assign(reinterpret_cast<const char*>(inputs->bytes.data()), inputs->bytes.size());
    content.outputs = ToTensor(*outputs, path.string());
    const int64_t calls = content.outputs.dim() > 1 ? content.outputs.size(0) : -1;
    if (content.Hash() != hash->second || std::ssize(content.inputs) != calls * kDigits ||
        std::ssize(content.timesteps) != calls * static_cast<int64_t>(sizeof(double)))
      Fail(
          "{}: is damaged: its SHA-256 is not the one that was written with it; without the file the full run is made "
          "again",
          path.string());
    KeptOutputs known;
    for (int64_t call = 0; call < calls; ++call) {
      double timestep = 0;
      std::memcpy(&timestep, content.timesteps.data() + call * static_cast<int64_t>(sizeof(double)), sizeof(double));
      known.emplace(std::pair(timestep, content.inputs.substr(call * kDigits, kDigits)), content.outputs[call]);
    }
    return known;
  }
  return {};
}

void KeptFolder::Keep(int reference, int64_t ordinal, const KeptOutputs& kept) {
  if (!config_.keeps() || kept.empty()) return;
  const fs::path path = own_ / NameOf(reference, ordinal);
  if (std::error_code error; fs::exists(path, error)) return;
  Content content;
  std::vector<at::Tensor> outputs;
  for (const auto& [key, output] : kept) {
    content.timesteps.append(reinterpret_cast<const char*>(&key.first), sizeof(double));
    content.inputs += key.second;
    outputs.push_back(output.cpu());
  }
  content.outputs = at::stack(outputs).contiguous();
  const auto type = std::ranges::find(kTypes, content.outputs.scalar_type(), &TypeInFile::type);
  if (type == std::end(kTypes)) return;
  const auto calls = std::ssize(outputs);
  int64_t at = 0;
  const auto tensor = [&](const char* dtype, const Json& shape, size_t bytes) {
    const int64_t begin = std::exchange(at, at + static_cast<int64_t>(bytes));
    return Json{{"dtype", dtype}, {"shape", shape}, {"data_offsets", {begin, at}}};
  };
  Json header = {{"__metadata__", {{"sha256", content.Hash()}}}};
  header["timesteps"] = tensor("F64", {calls}, content.timesteps.size());
  header["inputs"] = tensor("U8", {calls, kDigits}, content.inputs.size());
  header["outputs"] = tensor(DtypeName(type->dtype), content.outputs.sizes().vec(), content.outputs.nbytes());
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  const auto size = static_cast<int64_t>(sizeof(length) + text.size()) + at;
  if (!alone_) CountBytes();
  if (bytes_ + size > config_.limit) {
    ++left_out_;
    return;
  }
  AtomicFile file(path);
  file.Write(&length, sizeof(length));
  file.Write(text);
  file.Write(content.timesteps);
  file.Write(content.inputs);
  file.Write(content.outputs.const_data_ptr(), content.outputs.nbytes());
  file.Commit();
  bytes_ += size;
  ++kept_;
}

std::string KeptFolder::Note() const {
  if (left_out_ == 0) return "";
  return fmt::format(
      "{}: keep_limit ({} bytes) holds the outputs of {} more runs of a sample, not those of {}: extensions "
      "predict them again",
      own_.string(), config_.limit, kept_, left_out_);
}

}  // namespace skipbench
