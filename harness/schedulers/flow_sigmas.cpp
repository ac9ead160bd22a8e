#include "harness/schedulers/flow_sigmas.h"

#include "harness/base/portable_math.h"

namespace skipbench {

OptionTable<FlowShift> FlowShiftTable(std::vector<Json> types) {
  OptionTable<FlowShift> table(
      "shift of sigma",
      {Field("use_dynamic_shifting", &FlowShift::use_dynamic_shifting)
           .Help("shift sigma by mu, which depends on the resolution"),
       Field("time_shift_type", &FlowShift::time_shift_type)
           .Supported(std::move(types))
           .Help("what mu is: exponential: the shift's logarithm; linear: the shift"),
       Field("mu", &FlowShift::mu)
           .Min(-50)
           .Max(50)
           .When([](const FlowShift& o) { return o.use_dynamic_shifting; }, "only with use_dynamic_shifting")
           .Help("the shift, with use_dynamic_shifting")});
  table.Rule([](const FlowShift& o) {
    if (o.use_dynamic_shifting && o.time_shift_type == "linear" && o.mu && *o.mu <= 0)
      FailOption("mu", "expected a number above 0 with time_shift_type linear, found {}", *o.mu);
  });
  return table;
}

OptionTable<TokenShift> FileTokenShiftTable() {
  OptionTable<TokenShift> table(
      "shift by tokens",
      {Field("base_shift", &TokenShift::base_shift).FromFile(), Field("max_shift", &TokenShift::max_shift).FromFile(),
       Field("base_image_seq_len", &TokenShift::base_image_seq_len).Min(0).FromFile(),
       Field("max_image_seq_len", &TokenShift::max_image_seq_len).Min(1).FromFile(),
       Field("image_seq_len", &TokenShift::image_seq_len).Min(1).FromFile()});
  table.Rule([](const TokenShift& o) {
    if (o.max_image_seq_len <= o.base_image_seq_len)
      FailOption("max_image_seq_len", "expected more than base_image_seq_len, {}, found {}", o.base_image_seq_len,
                 o.max_image_seq_len);
  });
  return table;
}

double MuOf(const TokenShift& o) {
  const double slope = (o.max_shift - o.base_shift) / (o.max_image_seq_len - o.base_image_seq_len);
  return *o.image_seq_len * slope + (o.base_shift - slope * o.base_image_seq_len);
}

double ShiftOf(const FlowShift& shift) {
  if (!shift.mu)
    FailOption("mu",
               "use_dynamic_shifting needs it: the model's pipeline does not say what the resolution makes of it");
  return shift.time_shift_type == "linear" ? *shift.mu : portable::Exp(*shift.mu);
}

template <typename Real>
void ShiftSigmas(const FlowShift& shift, double fixed, std::vector<Real>* sigmas) {
  const auto s = static_cast<Real>(shift.use_dynamic_shifting ? ShiftOf(shift) : fixed);
  const auto excess = static_cast<Real>(fixed - 1);
  for (Real& sigma : *sigmas)
    sigma = shift.use_dynamic_shifting ? s / (s + (1 / sigma - 1)) : s * sigma / (1 + excess * sigma);
}

template <typename Real>
void StretchSigmas(const std::optional<double>& terminal, std::vector<Real>* sigmas) {
  if (!terminal || *terminal == 0) return;
  const Real scale = (1 - sigmas->back()) / static_cast<Real>(1 - *terminal);
  if (!(scale > 0))
    FailOption("shift_terminal", "{} steps end at sigma {}, which cannot be moved: ask for more steps", sigmas->size(),
               sigmas->back());
  for (Real& sigma : *sigmas) sigma = 1 - (1 - sigma) / scale;
}

template void ShiftSigmas(const FlowShift&, double, std::vector<float>*);
template void ShiftSigmas(const FlowShift&, double, std::vector<double>*);
template void StretchSigmas(const std::optional<double>&, std::vector<float>*);
template void StretchSigmas(const std::optional<double>&, std::vector<double>*);

}  // namespace skipbench
