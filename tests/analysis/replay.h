// A run that decides, replayed from the values of a full one, with its samples in any order: no network is needed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "harness/analysis/decide/decider.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

class Replay {
 public:
  explicit Replay(const std::filesystem::path& result)
      : reader_(ResultReader::Open(result)), header_(reader_.header()) {
    for (size_t k = 0; k < header_.settings.size(); ++k)
      for (const auto& metric : reader_.Metrics(k))
        if (std::ranges::find(header_.metrics, metric.name, &MetricInfo::name) == header_.metrics.end())
          header_.metrics.push_back(metric);
    samples_ = SamplesOf(reader_, {"psnr", "macs_matmuls"});
    CountNodes();
  }

  const RunHeader& header() const { return header_; }
  int64_t samples() const { return std::ssize(samples_.ordinals); }
  const SettingValues& Values(const std::string& column) const { return samples_.columns.at(column); }
  // Network evaluations of all settings on all samples.
  int64_t evaluations() const { return evaluations_; }
  // What the result itself says it took.
  int64_t recorded_evaluations() const { return reader_.TotalCost().evaluations; }

  // The answers that the means over all samples give, computed apart from the code under test: kYes or kNo where there
  // is one.
  std::vector<Answer> Estimates(const DecideOptions& options) const {
    std::vector<double> psnr, cost;
    for (size_t k = 0; k < header_.settings.size(); ++k) {
      psnr.push_back(Mean(samples_.columns.at("psnr")[k], 100));
      cost.push_back(Mean(samples_.columns.at("macs_matmuls")[k], HUGE_VAL));
    }
    std::vector<Answer> answers(psnr.size(), Answer::kNotAsked);
    for (size_t k = 0; k < psnr.size(); ++k) {
      if (header_.settings[k].reference) continue;
      bool dominated = false;
      std::map<double, double> steps;  // psnr by cost
      for (size_t j = 0; j < psnr.size(); ++j) {
        if (j == k || header_.settings[j].reference ||
            ReferenceOf(header_.settings, j) != ReferenceOf(header_.settings, k))
          continue;
        dominated |= cost[j] <= cost[k] && psnr[j] > psnr[k] + *options.margin;
        if (header_.settings[j].type == "fewer_steps") steps[cost[j]] = psnr[j];
      }
      const auto right = steps.lower_bound(cost[k]);
      if (options.asks("pareto")) {
        answers[k] = dominated ? Answer::kNo : Answer::kYes;
      } else if (header_.settings[k].type != "fewer_steps" && right != steps.begin() && right != steps.end()) {
        const auto left = std::prev(right);
        const double part = (cost[k] - left->first) / (right->first - left->first);
        const double level = left->second + part * (right->second - left->second);
        answers[k] = psnr[k] > level + *options.margin ? Answer::kYes : Answer::kNo;
      }
    }
    return answers;
  }

  // The decisions when the samples come in this order.
  struct Outcome {
    std::vector<SettingDecision> decisions;
    int64_t evaluations = 0;
    int64_t samples = 0;  // of the last one
  };
  Outcome Run(const std::vector<size_t>& order, const DecideOptions& options) const {
    RunHeader header = header_;
    header.sample_count = std::ssize(order);
    Decider decider(header, options);
    Outcome outcome;
    for (size_t begin = 0; begin < order.size() && !decider.finished();) {
      const size_t end = std::min(begin + static_cast<size_t>(options.look), order.size());
      DecidingSamples wave;
      for (size_t i = begin; i < end; ++i) {
        wave.ordinals.push_back(static_cast<int64_t>(i));
        outcome.evaluations += EvaluationsOf(order[i], decider, static_cast<int64_t>(i));
      }
      for (const auto& [name, settings] : samples_.columns)
        for (const auto& values : settings) {
          auto& column = wave.columns[name].emplace_back();
          for (size_t i = begin; i < end; ++i) column.push_back(values[order[i]]);
        }
      decider.Add(wave);
      begin = end;
    }
    outcome.decisions = decider.decisions();
    outcome.samples = decider.end();
    return outcome;
  }

 private:
  // Settings of one schedule share what they have decided alike: a full prediction is made once for each distinct path
  // that leads to it, for whichever settings took it. Bits of a mask: settings of the tree.
  struct Tree {
    std::vector<size_t> settings;
    std::vector<std::map<uint64_t, int64_t>> predictions;  // [sample]: by mask, how many
  };

  static double Mean(const std::vector<double>& values, double ceiling) {
    double sum = 0;
    for (const double value : values) sum += std::min(value, ceiling);
    return sum / static_cast<double>(values.size());
  }

  void CountNodes() {
    std::map<std::pair<int, int>, Tree> trees;
    for (size_t k = 0; k < header_.settings.size(); ++k)
      trees[{ReferenceOf(header_.settings, k), header_.settings[k].steps}].settings.push_back(k);
    for (auto& [key, tree] : trees) {
      tree.predictions.resize(static_cast<size_t>(samples()));
      std::vector<std::vector<uint8_t>> actions;
      std::vector<std::vector<int16_t>> branches;
      for (const size_t k : tree.settings) {
        actions.push_back(reader_.Read<uint8_t>(k, "action").values);
        branches.push_back(reader_.Read<int16_t>(k, "branch").values);
      }
      for (size_t s = 0; s < tree.predictions.size(); ++s) {
        std::map<std::string, uint64_t> nodes;  // by the path that leads to a prediction
        for (size_t b = 0; b < tree.settings.size(); ++b) {
          std::string path;
          const auto calls = static_cast<size_t>(header_.settings[tree.settings[b]].calls);
          for (size_t call = 0; call < calls; ++call) {
            const uint8_t action = actions[b][s * calls + call];
            path += static_cast<char>(action);
            path += static_cast<char>(branches[b][s * calls + call]);
            if (action == kActionPredict) nodes[path] |= uint64_t{1} << b;
          }
        }
        for (const auto& [path, mask] : nodes) ++tree.predictions[s][mask];
        evaluations_ += std::ssize(nodes);
      }
      trees_.push_back(std::move(tree));
    }
  }

  int64_t EvaluationsOf(size_t sample, const Decider& decider, int64_t ordinal) const {
    int64_t evaluations = 0;
    for (const auto& tree : trees_) {
      uint64_t needed = 0;
      for (size_t b = 0; b < tree.settings.size(); ++b)
        needed |= uint64_t{decider.Needed(tree.settings[b], ordinal)} << b;
      for (const auto& [mask, count] : tree.predictions[sample]) evaluations += (mask & needed) ? count : 0;
    }
    return evaluations;
  }

  ResultReader reader_;
  RunHeader header_;
  DecidingSamples samples_;
  std::vector<Tree> trees_;
  int64_t evaluations_ = 0;
};

}  // namespace skipbench::testing
