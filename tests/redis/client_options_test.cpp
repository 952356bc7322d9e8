#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/redis/client_options.hpp>

using hocket::redis::client_options;
using hocket::redis::options_from_url;
using hocket::redis::protocol_version;

namespace {

std::string refusal(std::string_view url) {
  try {
    static_cast<void>(options_from_url(url));
    return "none";
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
}

}  // namespace

TEST(redis_url, names_host_port_database_and_user) {
  const client_options made = options_from_url("redis://me:se%20cret@example.org:7000/3");
  EXPECT_EQ(made.host, "example.org");
  EXPECT_EQ(made.port, 7000);
  EXPECT_EQ(made.database, 3U);
  EXPECT_EQ(made.username, "me");
  EXPECT_EQ(made.password, "se cret");
  EXPECT_EQ(made.tls, nullptr);
}

TEST(redis_url, leaves_what_it_does_not_name_as_it_was) {
  const client_options made = options_from_url("redis://", {.host = "there", .port = 1, .client_name = "x"});
  EXPECT_EQ(made.host, "there");
  EXPECT_EQ(made.port, 1);
  EXPECT_EQ(made.client_name, "x");
}

TEST(redis_url, takes_an_ipv6_address_out_of_its_brackets) {
  EXPECT_EQ(options_from_url("redis://[::1]:6380").host, "::1");
}

TEST(redis_url, asks_for_tls_by_its_scheme) { EXPECT_NE(options_from_url("rediss://example.org").tls, nullptr); }

TEST(redis_url, names_the_path_of_a_unix_socket) {
  const client_options made = options_from_url("unix:///run/a%20b.sock?db=2&password=p&protocol=2");
  EXPECT_EQ(made.unix_socket, "/run/a b.sock");
  EXPECT_EQ(made.database, 2U);
  EXPECT_EQ(made.password, "p");
  EXPECT_EQ(made.protocol, protocol_version::resp2);
}

TEST(redis_url, is_refused_without_its_password_if_it_is_none) {
  EXPECT_EQ(refusal("http://example.org"),
            "this is no URL of a server of Redis: its scheme is none of redis, rediss, unix");
  EXPECT_EQ(refusal("redis://u:hidden@h/x"), "this is no URL of a server of Redis: its database is no number");
  EXPECT_EQ(refusal("redis://h?password=hidden&color=red"),
            "this is no URL of a server of Redis: its query has 'color'");
  EXPECT_EQ(refusal("unix://?db=1"), "this is no URL of a server of Redis: it has no path");
  EXPECT_EQ(refusal("localhost"), "this is no URL of a server of Redis: it cannot be read");
}
