#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/auth/bearer_auth.hpp>

namespace {

using hocket::http::basic_credentials;
using hocket::http::format_basic;
using hocket::http::format_bearer;
using hocket::http::parse_basic;
using hocket::http::parse_bearer;

TEST(basic_auth, of_the_standards_examples) {
  EXPECT_EQ(format_basic({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(format_basic({"test", "123\xc2\xa3"}), "Basic dGVzdDoxMjPCow==");
  EXPECT_EQ(parse_basic("bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), (basic_credentials{"Aladdin", "open sesame"}));
}

TEST(basic_auth, may_have_colons_in_the_password_and_nothing_at_all) {
  EXPECT_EQ(parse_basic(format_basic({"a", "b:c:"})), (basic_credentials{"a", "b:c:"}));
  EXPECT_EQ(parse_basic(format_basic({"", ""})), (basic_credentials{"", ""}));
}

TEST(basic_auth, refuses_what_cannot_be_said) {
  EXPECT_THROW(static_cast<void>(format_basic({"a:b", "c"})), hocket::error);
  EXPECT_THROW(static_cast<void>(format_basic({"a", "b\n"})), hocket::error);
}

TEST(basic_auth, that_is_malformed_is_refused) {
  for (const std::string field : {"", "Basic", "Basic YQ==", "Basic YTpi=", "Basic YTp", "Basic YToK", "Bearer YTpi",
                                  "Basic YTpi x", "Basic user=a", "BasicYTpi"}) {
    EXPECT_EQ(parse_basic(field), std::nullopt) << field;
  }
}

TEST(bearer_auth, of_the_standards_example) {
  EXPECT_EQ(format_bearer("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM");
  EXPECT_EQ(parse_bearer("Bearer mF_9.B5f-4.1JqM"), "mF_9.B5f-4.1JqM");
  EXPECT_EQ(parse_bearer("bearer  a=="), "a==");
}

TEST(bearer_auth, that_is_malformed_is_refused) {
  for (const std::string token : {"", " ", "a b", "=", "a=b", "a\r\nX: y", "a,b", "\"a\""})
    EXPECT_THROW(static_cast<void>(format_bearer(token)), hocket::error) << token;
  for (const std::string field : {"", "Bearer", "Bearer a=b", "Basic a", "Bearer a, b"})
    EXPECT_EQ(parse_bearer(field), std::nullopt) << field;
}

}  // namespace
