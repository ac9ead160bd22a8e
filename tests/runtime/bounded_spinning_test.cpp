// harness/base/bounded_spinning.h, which tests/support/test_main.cpp includes as the program's main does.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// What the child below prints, started with this environment.
std::string SeenWith(const std::string& environment) {
  const std::string self = "/proc/" + std::to_string(::getpid()) + "/exe";
  std::FILE* pipe = ::popen(("env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT " + environment + " " + self +
                             " --gtest_also_run_disabled_tests --gtest_filter=BoundedSpinning.DISABLED_Child")
                                .c_str(),
                            "r");
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  ::pclose(pipe);
  const size_t begin = output.find('<'), end = output.find('>');
  return begin == std::string::npos ? "nothing" : output.substr(begin + 1, end - begin - 1);
}

TEST(BoundedSpinning, DISABLED_Child) {
  const char* count = std::getenv("GOMP_SPINCOUNT");
  std::printf("<%s>\n", count ? count : "");
}

TEST(BoundedSpinning, IsSetUnlessTheUserSaysOtherwise) {
  EXPECT_EQ(SeenWith(""), "3000");
  EXPECT_EQ(SeenWith("GOMP_SPINCOUNT=7"), "7");
  EXPECT_EQ(SeenWith("OMP_WAIT_POLICY=active"), "");
}

}  // namespace
