#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/public_suffixes.hpp>

namespace {

using hocket::http::public_suffixes;

TEST(public_suffixes, are_those_of_the_list) {
  const auto& list = public_suffixes::built_in();
  EXPECT_TRUE(list.contains("com"));
  EXPECT_TRUE(list.contains("co.uk"));
  EXPECT_FALSE(list.contains("example.com"));
  EXPECT_EQ(list.registrable_domain("a.b.example.co.uk"), "example.co.uk");
  EXPECT_EQ(list.registrable_domain("co.uk"), "");
  EXPECT_EQ(list.registrable_domain("127.0.0.1"), "");
  EXPECT_EQ(list.registrable_domain("[::1]"), "");
}

TEST(public_suffixes, are_not_read_from_what_is_not_there) { EXPECT_THROW(public_suffixes("/nowhere"), hocket::error); }

/// `host domain` a line; `null` is none. Hosts that differ from their form in a URL are left out.
TEST(public_suffixes, agree_with_the_tests_of_the_list) {
  const char* given = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path folder =
      std::filesystem::path(given != nullptr ? given : HOCKET_SOURCE_DIR "/../shared/conformance") / "psl";
  if (!std::filesystem::exists(folder / "tests.txt")) GTEST_SKIP() << "skipped: no conformance data";
  const public_suffixes list((folder / "public_suffix_list.dat").string());
  std::ifstream file(folder / "tests.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    std::string host;
    std::string domain;
    if (line.starts_with("//") || !(std::istringstream(line) >> host >> domain) || host == "null" ||
        host.starts_with('.'))
      continue;
    for (char& c : host)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    EXPECT_EQ(list.registrable_domain(host), domain == "null" ? "" : domain) << host;
    ++count;
  }
  EXPECT_GT(count, 60U);
}

}  // namespace
