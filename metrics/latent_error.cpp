#include "metrics/latent_error.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {
namespace {

double Ratio(double error, double norm) { return error == 0 ? 0 : error / norm; }

}  // namespace

LatentError CompareLatents(const at::Tensor& latent, const at::Tensor& reference) {
  if (!latent.defined() || !reference.defined()) Fail("latent_error: a latent is missing");
  if (!latent.is_floating_point() || !reference.is_floating_point())
    Fail("latent_error: expected floating-point latents, found {} and {}", c10::toString(latent.scalar_type()),
         c10::toString(reference.scalar_type()));
  if (latent.sizes() != reference.sizes())
    Fail("latent_error: the latent has the shape {}, its reference {}", fmt::streamed(latent.sizes()),
         fmt::streamed(reference.sizes()));
  if (latent.device() != reference.device())
    Fail("latent_error: the latent is on {}, its reference on {}", fmt::streamed(latent.device()),
         fmt::streamed(reference.device()));
  const at::Tensor b = reference.to(at::kDouble);
  const at::Tensor difference = latent.to(at::kDouble) - b;
  // One copy to the host for all four.
  const at::Tensor norms =
      at::stack({difference.abs().sum(), difference.square().sum().sqrt(), b.abs().sum(), b.square().sum().sqrt()})
          .cpu();
  const double* n = norms.const_data_ptr<double>();
  return {n[0], n[1], Ratio(n[0], n[2]), Ratio(n[1], n[3])};
}

MetricType LatentErrorMetric() {
  MetricType type{.name = "latent_error",
                  .summary = "distance of the final latents: L1 and L2, absolute and relative to the reference's norm",
                  .columns = {},
                  .measure = [](const MetricInput& sample, const MetricInput& reference) {
                    const LatentError error = CompareLatents(sample.latent, reference.latent);
                    return std::vector{error.l1, error.l2, error.l1_relative, error.l2_relative};
                  }};
  for (const char* name : {"l1", "l2", "l1_relative", "l2_relative"}) {
    std::string title = std::string("latent ") + name;
    std::replace(title.begin(), title.end(), '_', ' ');
    type.columns.push_back({.name = std::string("latent_") + name,
                            .title = title,
                            .part_of = "latent_error",
                            .better = Direction::kLower,
                            .order = 200});
  }
  return type;
}

}  // namespace skipbench
