// What other processes do to the machine while something is measured.
#pragma once

#include <optional>

namespace skipbench {

class OtherLoad {
 public:
  OtherLoad();
  // Processors that other processes than this one kept busy since the construction, by the kernel's times (hundredths
  // of a second); nothing where it does not tell (no /proc), or too little time went by.
  std::optional<double> BusyProcessors() const;

 private:
  struct Times {
    double all = 0, own = 0, wall = 0;  // seconds: processors that were busy, of this process; the clock
  };
  static std::optional<Times> Now();

  std::optional<Times> start_;
};

}  // namespace skipbench
