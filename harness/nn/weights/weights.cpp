#include "harness/nn/weights/weights.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>

#include "harness/base/error.h"
#include "harness/io/files/safetensors.h"
#include "harness/nn/weights/tensor_file.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {
namespace {

// A tensor of the network as it lies in a file.
struct Stored {
  size_t file = 0;
  const SafetensorsEntry* entry = nullptr;
  MappedTensor part;
  std::vector<int64_t> shape;  // after slicing and transposing
  bool taken = false;
};

std::string ShapeText(at::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void CheckPossible(const std::string& name, at::IntArrayRef shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(count, std::max<int64_t>(size, 1), &count) || count > (int64_t{1} << 62))
      Fail("tensor \"{}\": the configuration asks for the impossible shape {}", name, ShapeText(shape));
}

bool SameUpToTrailingOnes(const std::vector<int64_t>& stored, at::IntArrayRef asked) {
  if (stored.size() < asked.size()) return false;
  for (size_t i = 0; i < stored.size(); ++i)
    if (stored[i] != (i < asked.size() ? asked[i] : 1)) return false;
  return true;
}

bool Matches(const std::string& pattern, const std::string& name) {
  const std::string_view text = pattern;
  if (text.starts_with('*')) return name.ends_with(text.substr(1));
  if (text.ends_with('*')) return name.starts_with(text.substr(0, text.size() - 1));
  return text == name;
}

// Memory for a tensor read from a file. Most of them live until they are packed only, and go back to the system then:
// in the heap they would leave holes that nothing fits into, up to the size of the network.
at::Tensor EmptyFor(at::IntArrayRef shape, at::ScalarType dtype, at::Device device) {
  const auto options = at::TensorOptions(dtype).device(device);
  const size_t bytes = static_cast<size_t>(c10::multiply_integers(shape)) * at::elementSize(dtype);
  constexpr size_t kWorthAMapping = 256 * 1024;
  if (!device.is_cpu() || bytes < kWorthAMapping) return at::empty(shape, options);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) Fail("no memory for {} bytes of weights", bytes);
  return at::from_blob(
      memory, shape, [bytes](void* p) { munmap(p, bytes); }, options);
}

}  // namespace

struct Weights::State {
  WeightsOptions options;
  bool shapes_only = false;
  bool finished = false;
  std::string origin;  // the file, or the index of shards
  std::vector<std::filesystem::path> paths;
  std::vector<std::shared_ptr<const SafetensorsFile>> files;
  WrapperNames wrappers;
  std::map<std::string, Stored, std::less<>> tensors;  // by the network's names
  std::vector<std::string> misshaped, complaints;
  std::vector<std::pair<std::string, std::vector<int64_t>>> taken, missing;

  std::string FileOf(const Stored& stored) const { return paths[stored.file].string(); }
  void Add(size_t file, const SafetensorsEntry& entry);
  at::ScalarType TypeFor(const std::string& name) const;
  at::Tensor Placeholder(const std::string& name, at::IntArrayRef shape) const;
  at::Tensor Load(const std::string& name, const Stored& stored, at::IntArrayRef shape) const;
  std::vector<std::string> Unexpected() const;
  std::string PrefixInTheWay() const;
};

std::string ModernAttentionName(const std::string& name) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"query", "to_q"}, {"key", "to_k"}, {"value", "to_v"}, {"proj_attn", "to_out.0"}};
  // Only inside attention blocks of diffusers: "mid_block.attentions.0.query.weight".
  if (name.find("attentions.") == std::string::npos) return name;
  for (const auto& [old_name, new_name] : kNames)
    for (const char* leaf : {"weight", "bias"})
      if (const std::string end = fmt::format(".{}.{}", old_name, leaf); name.ends_with(end))
        return fmt::format("{}.{}.{}", name.substr(0, name.size() - end.size()), new_name, leaf);
  return name;
}

void Weights::State::Add(size_t file, const SafetensorsEntry& entry) {
  const std::string bare = wrappers.Bare(entry.name);
  const std::vector<MappedTensor> parts =
      options.map ? options.map(bare, entry.shape) : std::vector{MappedTensor{ModernAttentionName(bare)}};
  for (const MappedTensor& part : parts) {
    Stored stored{file, &entry, part, entry.shape, false};
    if (part.begin != 0 || part.end != -1) {
      const int64_t rows = entry.shape.empty() ? 0 : entry.shape[0];
      const int64_t end = part.end == -1 ? rows : part.end;
      if (part.begin < 0 || end < part.begin || end > rows)
        Fail("{}: tensor \"{}\": rows {} to {} of it were expected to be \"{}\", but its shape is {}",
             paths[file].string(), entry.name, part.begin, end, part.name, ShapeText(entry.shape));
      stored.part.end = end;
      stored.shape[0] = end - part.begin;
    }
    if (part.transpose) {
      if (stored.shape.size() != 2)
        Fail("{}: tensor \"{}\": a matrix was expected, its shape is {}", paths[file].string(), entry.name,
             ShapeText(entry.shape));
      std::swap(stored.shape[0], stored.shape[1]);
    }
    const auto [at, inserted] = tensors.emplace(part.name, std::move(stored));
    if (!inserted)
      complaints.push_back(fmt::format("\"{}\" is there twice: as \"{}\" in {} and as \"{}\" in {}", part.name,
                                       at->second.entry->name, FileOf(at->second), entry.name, paths[file].string()));
  }
}

at::ScalarType Weights::State::TypeFor(const std::string& name) const {
  return options.dtype_of ? options.dtype_of(name, options.dtype) : options.dtype;
}

at::Tensor Weights::State::Placeholder(const std::string& name, at::IntArrayRef shape) const {
  return at::zeros({}, at::TensorOptions(TypeFor(name)).device(options.device)).expand(shape);
}

at::Tensor Weights::State::Load(const std::string& name, const Stored& stored, at::IntArrayRef shape) const {
  const auto& file = files[stored.file];
  const std::string where = fmt::format("{}: tensor \"{}\"", FileOf(stored), stored.entry->name);
  const at::ScalarType from = ToScalarType(stored.entry->dtype, where);
  if (!at::isFloatingType(from))
    FailUnsupported("{}: expected floating-point values, found {}", where, at::toString(from));
  const at::ScalarType to = TypeFor(name);
  const bool whole = stored.part.begin == 0 && stored.part.end == -1 && !stored.part.transpose;
  if (whole && from == to && options.device.is_cpu()) {
    at::Tensor result = EmptyFor(shape, to, options.device);
    file->file().Read(stored.entry->bytes, result.data_ptr());
    return result;
  }
  at::Tensor view = ToTensor(file, *stored.entry);
  if (stored.part.end != -1) view = view.slice(0, stored.part.begin, stored.part.end);
  if (stored.part.transpose) view = view.t();
  at::Tensor result = EmptyFor(stored.shape, to, options.device);
  result.copy_(view);
  view.reset();
  file->file().Release(stored.entry->bytes);
  return result.view(shape);
}

// What in front of the network's names would make the missing tensors those that nobody expected: "unet."; "" for none.
std::string Weights::State::PrefixInTheWay() const {
  if (missing.empty()) return "";
  const std::string& first = missing.front().first;
  for (const auto& [name, stored] : tensors) {
    if (stored.taken || name.size() <= first.size() || !name.ends_with(first)) continue;
    const std::string prefix = name.substr(0, name.size() - first.size());
    const bool all = prefix.ends_with('.') && std::all_of(missing.begin(), missing.end(), [&](const auto& one) {
                       return tensors.contains(prefix + one.first);
                     });
    if (all) return prefix;
  }
  return "";
}

std::vector<std::string> Weights::State::Unexpected() const {
  std::vector<std::string> names;
  for (const auto& [name, stored] : tensors) {
    bool expected = stored.taken;
    for (const std::string& pattern : options.ignore) expected |= Matches(pattern, name);
    if (!expected)
      names.push_back(fmt::format("\"{}\" {}{}", name, ShapeText(stored.shape),
                                  paths.size() > 1 ? " in " + paths[stored.file].filename().string() : ""));
  }
  return names;
}

Weights Weights::FromFiles(const std::vector<std::filesystem::path>& files, std::string origin,
                           WeightsOptions options) {
  auto state = std::make_shared<State>();
  state->options = std::move(options);
  state->origin = std::move(origin);
  state->paths = files;
  std::vector<std::string> names;
  for (const auto& file : files) {
    state->files.push_back(SafetensorsFile::Open(file));
    for (const SafetensorsEntry& entry : state->files.back()->entries()) names.push_back(entry.name);
  }
  state->wrappers = WrapperNames(names);
  for (size_t i = 0; i < files.size(); ++i)
    for (const SafetensorsEntry& entry : state->files[i]->entries()) state->Add(i, entry);
  return Weights(std::move(state), "");
}

Weights Weights::FromFile(const std::filesystem::path& file, WeightsOptions options) {
  return FromFiles({file}, file.string(), std::move(options));
}

Weights Weights::FromFolder(const std::filesystem::path& folder, const std::string& stem, WeightsOptions options) {
  const WeightFiles found = FindWeightFiles(folder, stem, options.variant);
  const std::string origin = found.index.empty() ? found.files[0].string() : found.index.string();
  Weights weights = FromFiles(found.files, origin, std::move(options));
  const State& state = *weights.state_;
  for (size_t i = 0; i < state.paths.size(); ++i)
    for (const auto& [tensor, file] : found.weight_map)
      if (file == state.paths[i].filename().string() && !state.files[i]->Find(tensor))
        weights.state_->complaints.push_back(
            fmt::format("the index says that \"{}\" is in {}, where it is not", tensor, file));
  return weights;
}

Weights Weights::ShapesOnly(WeightsOptions options) {
  auto state = std::make_shared<State>();
  state->options = std::move(options);
  state->shapes_only = true;
  return Weights(std::move(state), "");
}

at::Tensor Weights::Take(std::string_view name, at::IntArrayRef shape) const {
  const std::string full = scope_ + std::string(name);
  CheckPossible(full, shape);
  if (state_->finished) Fail("{}: tensor \"{}\" is asked for after Finish()", state_->origin, full);
  state_->taken.emplace_back(full, shape.vec());
  if (state_->shapes_only) return at::empty(shape, at::TensorOptions(state_->TypeFor(full)).device(at::kMeta));
  const auto found = state_->tensors.find(full);
  if (found == state_->tensors.end()) {
    state_->missing.emplace_back(full, shape.vec());
    return state_->Placeholder(full, shape);
  }
  Stored& stored = found->second;
  stored.taken = true;
  const bool fits =
      state_->options.map ? SameUpToTrailingOnes(stored.shape, shape) : at::IntArrayRef(stored.shape) == shape;
  if (!fits) {
    state_->misshaped.push_back(fmt::format("\"{}\" is {} in {}, the network expects {}", full, ShapeText(stored.shape),
                                            state_->paths[stored.file].filename().string(), ShapeText(shape)));
    return state_->Placeholder(full, shape);
  }
  return state_->Load(full, stored, shape);
}

bool Weights::HasPrefix(std::string_view prefix) const {
  const std::string full = scope_ + std::string(prefix);
  const auto found = state_->tensors.lower_bound(full);
  return found != state_->tensors.end() && found->first.starts_with(full);
}

Weights Weights::Sub(std::string_view name) const { return Weights(state_, fmt::format("{}{}.", scope_, name)); }
Weights Weights::Sub(std::string_view name, int64_t index) const {
  return Weights(state_, fmt::format("{}{}.{}.", scope_, name, index));
}

bool Weights::shapes_only() const { return state_->shapes_only; }
const WeightsOptions& Weights::options() const { return state_->options; }
const std::vector<std::filesystem::path>& Weights::files() const { return state_->paths; }
const std::vector<std::pair<std::string, std::vector<int64_t>>>& Weights::taken() const { return state_->taken; }
std::vector<std::string> Weights::notes() const {
  if (state_->wrappers.found().empty()) return {};
  return {fmt::format(
      "{}: saved from a wrapped network (torch.compile's or DataParallel's); {} is left out of its tensors' names",
      state_->origin, fmt::join(state_->wrappers.found(), " and "))};
}
bool Weights::HasProblems() const {
  return !state_->missing.empty() || !state_->misshaped.empty() || !state_->complaints.empty();
}

void Weights::Finish() const {
  if (state_->shapes_only || state_->finished) return;
  const std::vector<std::string> unexpected = state_->Unexpected();
  std::vector<std::string> missing;
  for (const auto& [name, shape] : state_->missing) missing.push_back(fmt::format("\"{}\" {}", name, ShapeText(shape)));
  std::string text;
  if (const std::string prefix = state_->PrefixInTheWay(); !prefix.empty())
    text += fmt::format("\n  the file has \"{}\" in front of the network's names", prefix);
  auto list = [&](const char* title, const std::vector<std::string>& lines) {
    if (!lines.empty()) text += fmt::format("\n  {} ({}):\n    {}", title, lines.size(), fmt::join(lines, "\n    "));
  };
  list("missing", missing);
  list("unexpected", unexpected);
  list("of another shape", state_->misshaped);
  list("otherwise wrong", state_->complaints);
  state_->finished = true;
  state_->tensors.clear();
  state_->files.clear();
  if (!text.empty()) Fail("{}: the tensors do not fit the network's configuration:{}", state_->origin, text);
}

}  // namespace skipbench
