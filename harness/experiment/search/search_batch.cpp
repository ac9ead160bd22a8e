#include "harness/experiment/search/search_batch.h"

namespace skipbench {

SearchBatch::SearchBatch(const Plan& plan, const Scheduler& scheduler, double guidance, int64_t begin, int64_t end)
    : plan_(plan), scheduler_(scheduler) {
  const std::span<const Sample> samples(plan.samples.data() + begin, static_cast<size_t>(end - begin));
  denoiser_ = plan.pipeline->Encode(samples, guidance, plan.config.batch_invariant);
  for (size_t s = 0; s < samples.size(); ++s) {
    streams_.push_back(
        plan.noise->Open(samples[s].id, begin + static_cast<int64_t>(s), plan.pipeline->info().latent_shape));
    samples_.push_back({samples[s].id, streams_.back().get()});
    ids_.push_back(samples[s].id);
  }
}

TrajectoryEvaluator& SearchBatch::Open(const std::filesystem::path& file, const std::string& search,
                                       std::function<void(double)> progress) {
  log_.emplace(file, search, scheduler_.calls(), ids_);
  PathEvaluatorOptions options;
  options.batch_size = plan_.config.batch_size;
  options.batch_invariant = plan_.config.batch_invariant;
  options.memory_bytes = plan_.config.search_memory;
  options.answered = [this, progress](std::span<const PathQuery> queries, std::span<const double> errors) {
    log_->Add(queries, errors, evaluator_->cost());
    if (progress) progress(static_cast<double>(log_->errors().size()));
  };
  if (progress)
    options.progress = [this, progress](double paths) { progress(static_cast<double>(log_->errors().size()) + paths); };
  evaluator_.emplace(scheduler_, *denoiser_, samples_, plan_.pipeline->info().latent_shape, plan_.config.model.dtype,
                     plan_.device, options);
  if (log_->norms().size() < samples_.size()) log_->AddNorms(evaluator_->FullNorms());
  return logged_.emplace(*evaluator_, *log_);
}

}  // namespace skipbench
