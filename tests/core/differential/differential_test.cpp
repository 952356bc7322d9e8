// The same scenarios on hocket and on python3's asyncio: what happened, when and in which order must be equal.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "scenario.hpp"

namespace {

using differential::scenario;
using differential::trace;

const std::string folder = HOCKET_DIFFERENTIAL_FOLDER;

bool has_python() {
  static const bool found =
      std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1") == 0;
  return found;
}

/// What asyncio made of each scenario; all of them in one run of python3.
std::map<std::string, trace> run_all_on_asyncio() {
  std::map<std::string, trace> traces;
  const std::string command = "python3 '" + folder + "/run_on_asyncio.py' '" + folder + "/scenarios.txt'";
  std::FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) return traces;
  std::string name;
  for (char buffer[4096]; std::fgets(buffer, sizeof buffer, output) != nullptr;) {
    std::string line(buffer);
    if (line.ends_with('\n')) line.pop_back();
    if (line.starts_with("scenario "))
      traces[name = line.substr(9)];
    else
      traces[name].push_back(line.substr(2));
  }
  EXPECT_EQ(::pclose(output), 0);
  return traces;
}

/// "a time-out of zero" as "a_time_out_of_zero".
std::string as_identifier(const testing::TestParamInfo<scenario>& info) {
  std::string name = info.param.name;
  for (char& letter : name)
    if (letter == ' ' || letter == '-') letter = '_';
  return name;
}

class on_hocket_as_on_asyncio : public testing::TestWithParam<scenario> {};

INSTANTIATE_TEST_SUITE_P(, on_hocket_as_on_asyncio,
                         testing::ValuesIn(differential::read_scenarios(folder + "/scenarios.txt")), as_identifier);

TEST_P(on_hocket_as_on_asyncio, goes) {
  if (GetParam().expected) {
    EXPECT_EQ(run_on_hocket(GetParam()), *GetParam().expected);
    return;
  }
  if (!has_python()) GTEST_SKIP() << "SKIPPED: no python3 of version 3.11 or later; nothing was compared with asyncio";
  static const auto expected = run_all_on_asyncio();
  ASSERT_TRUE(expected.contains(GetParam().name)) << "run_on_asyncio.py did not get that far";
  EXPECT_EQ(run_on_hocket(GetParam()), expected.at(GetParam().name));
}

}  // namespace
