#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/set_cookie.hpp>

namespace {

using namespace std::chrono;
using hocket::http::format_set_cookie;
using hocket::http::parse_set_cookie;
using hocket::http::same_site;
using hocket::http::set_cookie;

set_cookie parsed(std::string_view field) { return parse_set_cookie(field).value_or(set_cookie{"refused", ""}); }

TEST(set_cookie, is_read_with_all_its_attributes) {
  const auto cookie = parsed(
      "SID=31d4d96e407aad42; Path=/docs; Domain=.Example.COM; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=3600; "
      "Secure; HttpOnly;"
      " SameSite=Strict; Priority=High");
  EXPECT_EQ(cookie, (set_cookie{.name = "SID",
                                .value = "31d4d96e407aad42",
                                .domain = "example.com",
                                .path = "/docs",
                                .expires = sys_days{2021y / June / 9} + 10h + 18min + 14s,
                                .max_age = 3600s,
                                .secure = true,
                                .http_only = true,
                                .same_site = same_site::strict}));
}

TEST(set_cookie, has_whatever_stands_around_the_first_equals_sign) {
  EXPECT_EQ(parsed(" a \t=\t b=c "), (set_cookie{"a", "b=c"}));
  EXPECT_EQ(parsed("a=\"b c\""), (set_cookie{"a", "\"b c\""}));
  EXPECT_EQ(parsed("a="), (set_cookie{"a", ""}));
  EXPECT_EQ(parsed("=b"), (set_cookie{"", "b"}));
  EXPECT_EQ(parsed("b"), (set_cookie{"", "b"}));
  EXPECT_EQ(parsed("a=b;;;"), (set_cookie{"a", "b"}));
  EXPECT_EQ(parsed("a,b={\"c\": 1}"), (set_cookie{"a,b", "{\"c\": 1}"}));
}

TEST(set_cookie, without_name_and_value_is_ignored) {
  for (const std::string field : {"", ";", "=", " = ; Secure", "; a=b"}) EXPECT_FALSE(parse_set_cookie(field)) << field;
}

TEST(set_cookie, with_a_control_character_is_ignored) {
  for (const std::string field : {"a=b\nc", "a=b; Path=/\r", "a\x7f=b", "a=\x01"})
    EXPECT_FALSE(parse_set_cookie(field)) << field;
  EXPECT_FALSE(parse_set_cookie(std::string_view("a=\0", 3)));
  EXPECT_EQ(parsed("a=b\tc"), (set_cookie{"a", "b\tc"}));
}

TEST(set_cookie, that_hides_a_prefix_in_its_value_is_ignored) {
  EXPECT_FALSE(parse_set_cookie("=__Host-a=b"));
  EXPECT_FALSE(parse_set_cookie("__Secure-a"));
  EXPECT_FALSE(parse_set_cookie("=__sEcUrE-a=b; Secure"));
}

TEST(set_cookie, has_limits) {
  EXPECT_TRUE(parse_set_cookie("a=" + std::string(4095, 'b')));
  EXPECT_FALSE(parse_set_cookie("a=" + std::string(4096, 'b')));
  EXPECT_EQ(parsed("a=b; Path=/" + std::string(1023, 'x')).path.size(), 1024U);
  EXPECT_EQ(parsed("a=b; Path=/" + std::string(1024, 'x')), (set_cookie{"a", "b"}));
  EXPECT_EQ(parsed("a=b; Path=/c; Path=/" + std::string(1024, 'x')).path, "/c");
}

TEST(set_cookie, has_the_last_attribute_of_a_name) {
  EXPECT_EQ(parsed("a=b; Path=/c; path=/d").path, "/d");
  EXPECT_EQ(parsed("a=b; Path=/c; path=d").path, "");
  EXPECT_EQ(parsed("a=b; Domain=a; domain=").domain, "");
  EXPECT_EQ(parsed("a=b; SameSite=Lax; SameSite=odd").same_site, same_site::unspecified);
  EXPECT_EQ(parsed("a=b; Max-Age=1; Max-Age=x").max_age, 1s);
}

TEST(set_cookie, has_an_age_beyond_any_clock) {
  EXPECT_EQ(parsed("a=b; Max-Age=99999999999999999999999999").max_age, seconds::max());
  EXPECT_EQ(parsed("a=b; Max-Age=-99999999999999999999999999").max_age, -seconds::max());
  EXPECT_EQ(parsed("a=b; Max-Age=9223372036854775807").max_age, seconds::max());
  EXPECT_EQ(parsed("a=b; Max-Age=9223372036854775806").max_age, seconds::max() - 1s);
  for (const std::string age : {"", "-", "+1", "1.5", "1s", " ", "0x10"})
    EXPECT_EQ(parsed("a=b; Max-Age=" + age).max_age, std::nullopt) << age;
}

TEST(set_cookie, is_written_as_it_is_read) {
  const set_cookie cookie{.name = "__Host-id",
                          .value = "a.b-c",
                          .domain = "",
                          .path = "/",
                          .expires = sys_days{2021y / June / 9},
                          .max_age = 60s,
                          .secure = true,
                          .http_only = true,
                          .same_site = same_site::lax};
  EXPECT_EQ(
      format_set_cookie(cookie),
      "__Host-id=a.b-c; Path=/; Expires=Wed, 09 Jun 2021 00:00:00 GMT; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
  EXPECT_EQ(parse_set_cookie(format_set_cookie(cookie)), cookie);
  EXPECT_EQ(format_set_cookie({.name = "a", .value = "", .domain = "example.org"}), "a=; Domain=example.org");
}

TEST(set_cookie, that_would_be_misread_is_not_written) {
  for (const set_cookie& cookie :
       {set_cookie{"", "b"}, set_cookie{"a b", "c"}, set_cookie{"a=", "b"}, set_cookie{"a", "b;c"},
        set_cookie{"a", "b c"}, set_cookie{"a", "\"b\""}, set_cookie{"a", "b\r\nSet-Cookie: c"},
        set_cookie{"a", std::string(4096, 'b')}, set_cookie{"a", "\xc3\xa4"},
        set_cookie{.name = "a", .value = "b", .domain = "c;d"}, set_cookie{.name = "a", .value = "b", .domain = " c"},
        set_cookie{.name = "a", .value = "b", .path = "/c "}, set_cookie{.name = "a", .value = "b", .path = "c"},
        set_cookie{.name = "a", .value = "b", .path = "/c; Secure"},
        set_cookie{.name = "a", .value = "b", .path = "/" + std::string(1024, 'c')},
        set_cookie{.name = "a", .value = "b", .same_site = same_site::none},
        set_cookie{.name = "__Secure-a", .value = "b"}, set_cookie{.name = "__host-a", .value = "b", .secure = true},
        set_cookie{.name = "__Host-a", .value = "b", .domain = "c", .path = "/", .secure = true}}) {
    EXPECT_THROW(static_cast<void>(format_set_cookie(cookie)), hocket::error) << cookie.name << "=" << cookie.value;
  }
}

}  // namespace
