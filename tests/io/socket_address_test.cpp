#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <hocket/io/socket_address.hpp>

using hocket::socket_address;

namespace {

TEST(socket_address, parses_numbers) {
  EXPECT_EQ(socket_address::parse("127.0.0.1", 80)->to_string(), "127.0.0.1:80");
  EXPECT_EQ(socket_address::parse("::1", 80)->to_string(), "[::1]:80");
  EXPECT_EQ(socket_address::parse("[2001:db8::1]", 443)->to_string(), "[2001:db8::1]:443");
  EXPECT_EQ(socket_address::parse("255.255.255.255", 65535)->to_string(), "255.255.255.255:65535");
}

TEST(socket_address, parses_no_names_and_no_almost_numbers) {
  for (const char* host : {"localhost", "example.org", "", "1", "127.1", "127.0.0.256", "127.0.0.1.", " 127.0.0.1",
                           "0x7f.0.0.1", "[127.0.0.1", "[]", "::g", "1::2::3", "12345::", "::1%lo"})
    EXPECT_FALSE(socket_address::parse(host, 80)) << host;
}

TEST(socket_address, does_not_stop_at_a_nul) { EXPECT_FALSE(socket_address::parse({"127.0.0.1\0.org", 14}, 80)); }

TEST(socket_address, tells_host_port_and_family) {
  const auto v4 = socket_address::parse("192.0.2.1", 8080);
  EXPECT_EQ(v4->host(), "192.0.2.1");
  EXPECT_EQ(v4->port(), 8080);
  EXPECT_EQ(v4->family(), AF_INET);
  EXPECT_EQ(v4->size(), sizeof(sockaddr_in));
  const auto v6 = socket_address::parse("2001:DB8:0:0::1", 8080);
  EXPECT_EQ(v6->host(), "2001:db8::1");
  EXPECT_EQ(v6->family(), AF_INET6);
  EXPECT_EQ(v6->size(), sizeof(sockaddr_in6));
}

TEST(socket_address, unspecified_when_made_from_nothing) { EXPECT_EQ(socket_address().to_string(), "0.0.0.0:0"); }

TEST(socket_address, is_equal_when_address_and_port_are) {
  EXPECT_EQ(*socket_address::parse("::1", 80), *socket_address::parse("0:0::1", 80));
  EXPECT_NE(*socket_address::parse("::1", 80), *socket_address::parse("::1", 81));
  EXPECT_NE(*socket_address::parse("127.0.0.1", 80), *socket_address::parse("::ffff:127.0.0.1", 80));
}

TEST(socket_address, copies_no_more_than_the_system_gave) {
  sockaddr_in given{};
  given.sin_family = AF_INET;
  given.sin_port = htons(9);
  EXPECT_EQ(socket_address(reinterpret_cast<const sockaddr*>(&given), sizeof given).to_string(), "0.0.0.0:9");
}

TEST(socket_address, knows_loopback) {
  for (const char* host : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(socket_address::parse(host, 0)->is_loopback()) << host;
  for (const char* host : {"126.255.255.255", "128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:128.0.0.1"})
    EXPECT_FALSE(socket_address::parse(host, 0)->is_loopback()) << host;
}

// First and last address of each block, and their neighbours where those are global.
TEST(socket_address, knows_which_addresses_are_of_the_public_internet) {
  for (const char* host : {"1.0.0.0",
                           "1.1.1.1",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.0",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.0.1.0",
                           "192.0.3.0",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "198.51.99.255",
                           "198.51.101.0",
                           "203.0.112.255",
                           "203.0.114.0",
                           "223.255.255.255",
                           "2606:4700::1111",
                           "2001:4860:4860::8888",
                           "2400::1",
                           "3ffe:ffff:ffff:ffff::1",
                           "::ffff:1.1.1.1",
                           "64:ff9b::101:101",
                           "2002:101:101::1"})
    EXPECT_TRUE(socket_address::parse(host, 0)->is_global()) << host;
  for (const char* host :
       {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",  "100.64.0.0",
        "100.127.255.255", "127.0.0.0",       "127.255.255.255", "169.254.0.0",     "169.254.169.254",
        "169.254.255.255", "172.16.0.0",      "172.31.255.255",  "192.0.0.0",       "192.0.0.255",
        "192.0.2.0",       "192.0.2.255",     "192.168.0.0",     "192.168.255.255", "198.18.0.0",
        "198.19.255.255",  "198.51.100.0",    "198.51.100.255",  "203.0.113.0",     "203.0.113.255",
        "224.0.0.0",       "239.255.255.255", "240.0.0.0",       "255.255.255.255"})
    EXPECT_FALSE(socket_address::parse(host, 0)->is_global()) << host;
  for (const char* host :
       {"::",      "::1",         "::2",         "::7f00:1",         "fe80::1", "febf::1",     "fc00::1",
        "fdff::1", "ff02::1",     "2001:db8::1", "2001:db8:ffff::1", "2001::1", "2001:10::1",  "2001:2::1",
        "3fff::1", "3fff:fff::1", "4000::1",     "100::1",           "5f00::1", "64:ff9b:1::1"})
    EXPECT_FALSE(socket_address::parse(host, 0)->is_global()) << host;
}

TEST(socket_address, looks_into_addresses_that_carry_another) {
  for (const char* host : {"::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1",
                           "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:a00:1::1", "2002:c0a8:101::1"})
    EXPECT_FALSE(socket_address::parse(host, 0)->is_global()) << host;
}

}  // namespace
