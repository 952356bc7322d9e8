#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/cookies/request_cookies.hpp>

namespace {

using hocket::http::request_cookies;
using pairs = std::vector<request_cookies::pair>;

pairs parsed(std::string_view field) {
  const auto cookies = request_cookies::parse(field);
  return {cookies.begin(), cookies.end()};
}

TEST(request_cookies, come_in_order) {
  EXPECT_EQ(parsed("a=1; b=2;c=3 ; a=4"), (pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"a", "4"}}));
  EXPECT_EQ(request_cookies::parse("a=1; b=2; a=4").get("a"), "1");
  EXPECT_EQ(request_cookies::parse("a=1").get("A"), std::nullopt);
}

TEST(request_cookies, are_never_malformed) {
  EXPECT_EQ(parsed(""), pairs{});
  EXPECT_EQ(parsed(";; ;=;"), pairs{});
  EXPECT_EQ(parsed("a; =b; c=; d=e=f; g=\"h i\""),
            (pairs{{"", "a"}, {"", "b"}, {"c", ""}, {"d", "e=f"}, {"g", "\"h i\""}}));
}

TEST(request_cookies, are_bounded) {
  std::string many;
  for (int n = 0; n < 1000; ++n) many += "a=1;";
  EXPECT_EQ(request_cookies::parse(many).size(), 300U);
  EXPECT_EQ(request_cookies::parse("a=1;b=2", 1).size(), 1U);
}

}  // namespace
