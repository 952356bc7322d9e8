#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/auth/auth_challenge.hpp>

namespace {

using hocket::http::auth_challenge;
using hocket::http::parse_auth_challenges;
using hocket::http::parse_credentials;
using challenges = std::vector<auth_challenge>;

TEST(auth_challenge, has_a_scheme_and_parameters) {
  EXPECT_EQ(parse_auth_challenges("Basic realm=\"a \\\"b\\\", c\", Charset = UTF-8"),
            (challenges{{"basic", "", {{"realm", "a \"b\", c"}, {"charset", "UTF-8"}}}}));
}

TEST(auth_challenge, may_be_one_of_several) {
  EXPECT_EQ(
      parse_auth_challenges("Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""),
      (challenges{{"newauth", "", {{"realm", "apps"}, {"type", "1"}, {"title", "Login to \"apps\""}}},
                  {"basic", "", {{"realm", "simple"}}}}));
}

TEST(auth_challenge, may_have_nothing_or_a_token) {
  EXPECT_EQ(parse_auth_challenges("Negotiate, NTLM TlRMTVNTUAAB+/==,Basic realm=x , Other"),
            (challenges{{"negotiate", "", {}},
                        {"ntlm", "TlRMTVNTUAAB+/==", {}},
                        {"basic", "", {{"realm", "x"}}},
                        {"other", "", {}}}));
  EXPECT_EQ(parse_auth_challenges("Basic realm=\"\""), (challenges{{"basic", "", {{"realm", ""}}}}));
  EXPECT_EQ(parse_auth_challenges("Scheme a="), (challenges{{"scheme", "a=", {}}}));
}

TEST(auth_challenge, stands_between_any_number_of_commas) {
  EXPECT_EQ(parse_auth_challenges(" ,, Basic realm=a,, ,x=y,,Other,"),
            (challenges{{"basic", "", {{"realm", "a"}, {"x", "y"}}}, {"other", "", {}}}));
  EXPECT_EQ(parse_auth_challenges(""), challenges{});
}

TEST(auth_challenge, that_is_malformed_is_refused) {
  for (const std::string field : {"realm=\"a\"", "Basic realm=\"a", "Basic realm=a b", "Basic realm=a realm2=b",
                                  "Basic realm=a, realm=b", "Basic realm=a; x=y", "\"Basic\"", "NTLM abc=, x=y",
                                  "Basic \"a\"", "Basic a=b=c", "Basic realm=\"a\x01\"", "Basic a b"}) {
    EXPECT_EQ(parse_auth_challenges(field), std::nullopt) << field;
  }
}

TEST(auth_challenge, has_limits) {
  std::string many = "A";
  for (int n = 0; n < 15; ++n) many += ", A";
  EXPECT_EQ(parse_auth_challenges(many)->size(), 16U);
  EXPECT_EQ(parse_auth_challenges(many + ", A"), std::nullopt);
  std::string full = "A p=1";
  for (int n = 1; n < 32; ++n) full += ", p" + std::to_string(n) + "=1";
  EXPECT_EQ(parse_auth_challenges(full)->front().parameters.size(), 32U);
  EXPECT_EQ(parse_auth_challenges(full + ", q=1"), std::nullopt);
}

TEST(auth_challenge, cut_short_anywhere_reads_nothing_beyond) {
  const std::string whole = "Digest realm=\"a\\\"b\", nonce=c, Basic realm=\"d\"";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(parse_auth_challenges({exact.data(), exact.size()}));
  }
}

TEST(credentials, are_one) {
  EXPECT_EQ(parse_credentials("Bearer abc"), (auth_challenge{"bearer", "abc", {}}));
  EXPECT_EQ(parse_credentials("Basic a, Bearer b"), std::nullopt);
  EXPECT_EQ(parse_credentials(""), std::nullopt);
}

}  // namespace
