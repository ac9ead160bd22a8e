#include "harness/models/single_file_prediction.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

// A value as it is compared: in small letters, with underscores.
std::string Plain(const std::string& value) {
  std::string text;
  for (const char c : value)
    if (!std::isspace(static_cast<unsigned char>(c)))
      text += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool IsNothing(const std::string& plain) { return plain.empty() || plain == "none" || plain == "null"; }
bool IsFalse(const std::string& plain) { return plain == "false" || plain == "0" || plain == "no"; }

struct Marks {
  std::vector<std::string> v, epsilon, zero_snr;
};

void ReadPredictionType(const std::string& key, const std::string& value, const std::string& file, Marks* marks) {
  static const std::set<std::string> v = {"v", "v_pred", "vpred", "v_prediction", "velocity", "v_parameterization"},
                                     epsilon = {"epsilon", "eps", "noise"};
  const std::string plain = Plain(value), mark = fmt::format("metadata {} \"{}\"", key, Printable(value));
  if (IsNothing(plain)) return;
  if (v.contains(plain))
    marks->v.push_back(mark);
  else if (epsilon.contains(plain))
    marks->epsilon.push_back(mark);
  else
    FailUnsupported("{}: {}: supported are epsilon and v", file, mark);
}

void ReadFlag(const std::string& key, const std::string& value, std::vector<std::string>* yes,
              std::vector<std::string>* no) {
  const std::string plain = Plain(value), mark = fmt::format("metadata {} \"{}\"", key, Printable(value));
  if (plain == "none" || plain == "null") return;
  if (!IsFalse(plain))
    yes->push_back(mark);
  else if (no)
    no->push_back(mark);
}

}  // namespace

CheckpointPrediction ReadCheckpointPrediction(const CheckpointShapes& shapes, const SafetensorsFile& file) {
  Marks marks;
  const std::string path = file.path().string();
  if (shapes.Has("v_pred")) marks.v.push_back("tensor v_pred");
  if (shapes.Has("ztsnr")) marks.zero_snr.push_back("tensor ztsnr");
  for (const auto& [key, value] : file.metadata()) {
    const std::string name = key.substr(key.rfind('.') + 1);  // with or without "modelspec."
    if (name == "prediction_type" || name == "predict_type") ReadPredictionType(key, value, path, &marks);
    if (name == "ss_v_parameterization" || name == "v_parameterization" || name == "v_pred")
      ReadFlag(key, value, &marks.v, &marks.epsilon);
    if (name == "ss_zero_terminal_snr" || name == "zero_terminal_snr" || name == "ztsnr")
      ReadFlag(key, value, &marks.zero_snr, nullptr);
  }
  CheckpointPrediction result{!marks.v.empty(), !marks.zero_snr.empty(), ""};
  if (result.zero_snr && !result.v)
    FailUnsupported("{}: zero terminal SNR ({}) without v-prediction: epsilon says nothing where there is no signal",
                    path, fmt::join(marks.zero_snr, ", "));
  std::vector<std::string> why = marks.v;
  why.insert(why.end(), marks.zero_snr.begin(), marks.zero_snr.end());
  result.why = fmt::format("{}", fmt::join(why, ", "));
  if (result.v && !marks.epsilon.empty()) result.why += fmt::format("; against it: {}", fmt::join(marks.epsilon, ", "));
  return result;
}

}  // namespace skipbench
