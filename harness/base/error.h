// Errors with context. Every message names the file, key or sample, what was found and what was expected.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace skipbench {

// Anything that stops a command: bad input, a broken file, an impossible request. Exit code 3.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Something well-formed that skipbench cannot do (an option it lacks, say). It is recorded as the outcome of the
// setting or sample concerned, and also ends in exit code 3; it is never replaced by something else silently.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

template <typename... Args>
[[noreturn]] void Fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
[[noreturn]] void FailUnsupported(fmt::format_string<Args...> format, Args&&... args) {
  throw UnsupportedError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace skipbench
