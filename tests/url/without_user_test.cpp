#include <string_view>

#include <gtest/gtest.h>

#include <hocket/url/without_user.hpp>

namespace {

using hocket::url;
using hocket::without_user;

TEST(without_user, leaves_the_user_of_a_url_out) {
  EXPECT_EQ(without_user(url::parse("http://user:secret@example.org/a?b@c").value()), "http://example.org/a?b@c");
  EXPECT_EQ(without_user(url::parse("mailto:user@example.org").value()), "mailto:user@example.org");
}

TEST(without_user, shows_nothing_of_a_password_in_what_is_no_url) {
  using namespace std::string_view_literals;
  EXPECT_EQ(without_user("http://user:secret@example.org:99999/"sv), "http://***@example.org:99999/");
  EXPECT_EQ(without_user("http://user:se/cr@et#@a b/"sv), "http://***@a b/");
  EXPECT_EQ(without_user("user:secret@example.org"sv), "***@example.org");
  EXPECT_EQ(without_user("http:\\\\user:secret@a b"sv), "***@a b");
  EXPECT_EQ(without_user("//user:secret//@a b"sv), "//***@a b");
}

TEST(without_user, shows_all_of_what_has_no_user) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "nonsense"sv, "http://a b/"sv, "htp://example.org/"sv})
    EXPECT_EQ(without_user(text), text);
}

}  // namespace
