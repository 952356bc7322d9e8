#include <string>

#include <gtest/gtest.h>

#include <hocket/http/forwarded/ip_network.hpp>

namespace {

using hocket::socket_address;
using hocket::http::ip_network;

bool contains(std::string_view network, std::string_view address) {
  return ip_network::parse(network).value().contains(socket_address::parse(address, 80).value());
}

TEST(ip_network, has_the_addresses_that_begin_alike) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(ip_network, may_be_everything_or_one_address) {
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "127.0.0.1"));
  EXPECT_TRUE(contains("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(contains("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(contains("::1/128", "::1"));
  EXPECT_FALSE(contains("::1", "::2"));
}

TEST(ip_network, takes_mapped_addresses_for_what_they_are) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_FALSE(contains("::ffff:10.0.0.0/104", "11.1.2.3"));
  EXPECT_EQ(ip_network::parse("::ffff:10.0.0.0/95"), std::nullopt);
}

TEST(ip_network, holds_no_socket_without_an_address) {
  EXPECT_FALSE(ip_network::parse("0.0.0.0/0").value().contains(socket_address::unix_path("/run/x")));
}

TEST(ip_network, is_written_without_what_does_not_count) {
  EXPECT_EQ(ip_network::parse("10.1.2.3/8").value().to_string(), "10.0.0.0/8");
  EXPECT_EQ(ip_network::parse("[2001:db8::ff]/126").value().to_string(), "2001:db8::fc/126");
  EXPECT_EQ(ip_network::parse("10.1.2.3/8"), ip_network::parse("10.9.9.9/8"));
}

TEST(ip_network, that_is_malformed_is_refused) {
  for (const std::string text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8", "::/129",
        "example.org", "10.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.0/99999999999999999999"}) {
    EXPECT_EQ(ip_network::parse(text), std::nullopt) << text;
  }
}

}  // namespace
