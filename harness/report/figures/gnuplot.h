// Figures become files, through the gnuplot program.
#pragma once

#include <filesystem>
#include <string>

#include "harness/report/figures/figure.h"

namespace skipbench {

class Gnuplot {
 public:
  // `program`: a path, or a name to be looked up in PATH. Error, with what to install, when it cannot be run or lacks a
  // terminal.
  explicit Gnuplot(std::string program = "gnuplot");

  // Writes `folder`/ID.svg (for light pages; transparent), ID.dark.svg, ID.png (twice the size, white) and ID.pdf, and
  // what they were made from: `folder`/src/ID.gp and ID.csv. Error naming the figure, with gnuplot's message.
  void Draw(const Figure& figure, const std::filesystem::path& folder) const;

 private:
  struct Outcome {
    int exit_code = 0;
    std::string messages;
  };
  Outcome Run(const std::string& commands, const std::filesystem::path& folder) const;
  std::string program_;
};

}  // namespace skipbench
