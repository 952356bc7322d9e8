#include <set>
#include <string>
#include <unordered_set>

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

// ---- interfaces

TEST(socket_address, names_the_interface_of_a_link_local_address) {
  const auto by_name = socket_address::parse("fe80::1%lo", 80);
  EXPECT_EQ(by_name->to_string(), "[fe80::1%lo]:80");
  EXPECT_EQ(by_name->host(), "fe80::1%lo");
  EXPECT_NE(by_name->scope_id(), 0U);
  EXPECT_EQ(*by_name, *socket_address::parse("[fe80::1%" + std::to_string(by_name->scope_id()) + "]", 80));
  EXPECT_NE(*by_name, *socket_address::parse("fe80::1", 80));
  EXPECT_EQ(socket_address::parse("ff02::1%lo", 1)->host(), "ff02::1%lo");
}

TEST(socket_address, parses_no_interface_that_is_not_there_or_not_meant) {
  for (const char* host : {"fe80::1%", "fe80::1%no-such-one", "fe80::1%0", "fe80::1%1x", "2001:db8::1%lo",
                           "127.0.0.1%lo", "fe80::1%99999999999", "fe80::1%lo%lo"})
    EXPECT_FALSE(socket_address::parse(host, 80)) << host;
}

TEST(socket_address, shows_the_number_of_an_interface_without_a_name) {
  EXPECT_EQ(socket_address::parse("fe80::1%4000000", 80)->to_string(), "[fe80::1%4000000]:80");
}

TEST(socket_address, goes_into_a_v4_mapped_one_and_back) {
  const socket_address plain = *socket_address::parse("192.0.2.1", 80);
  const socket_address mapped = *socket_address::parse("::ffff:192.0.2.1", 80);
  EXPECT_EQ(plain.to_v4_mapped(), mapped);
  EXPECT_EQ(mapped.from_v4_mapped(), plain);
  EXPECT_TRUE(mapped.is_v4_mapped());
  EXPECT_FALSE(plain.is_v4_mapped());
  const socket_address v6 = *socket_address::parse("::1", 80);
  EXPECT_EQ(v6.to_v4_mapped(), v6);
  EXPECT_EQ(v6.from_v4_mapped(), v6);
}

TEST(socket_address, knows_multicast) {
  for (const char* host : {"224.0.0.1", "239.255.255.255", "ff02::1"})
    EXPECT_TRUE(socket_address::parse(host, 0)->is_multicast()) << host;
  for (const char* host : {"223.255.255.255", "240.0.0.1", "fe80::1", "::"})
    EXPECT_FALSE(socket_address::parse(host, 0)->is_multicast()) << host;
}

// ---- unix

TEST(socket_address, of_a_path_counts_the_byte_that_ends_it) {
  const auto path = socket_address::unix_path("/run/my.sock");
  EXPECT_TRUE(path.is_unix());
  EXPECT_EQ(path.path(), "/run/my.sock");
  EXPECT_EQ(path.to_string(), "/run/my.sock");
  EXPECT_EQ(path.size(), sizeof(sa_family_t) + sizeof "/run/my.sock");
}

TEST(socket_address, of_an_abstract_name_has_exactly_its_bytes) {
  const auto name = socket_address::unix_abstract(std::string_view("a\0b", 3));
  EXPECT_EQ(name.path(), std::string_view("\0a\0b", 4));
  EXPECT_EQ(name.to_string(), "@a@b");
  EXPECT_EQ(name.size(), sizeof(sa_family_t) + 4);
  EXPECT_EQ(name, socket_address::unix_path(std::string_view("\0a\0b", 4)));
}

TEST(socket_address, of_nothing_is_unnamed) {
  EXPECT_EQ(socket_address::unix_path("").to_string(), "(unnamed)");
  EXPECT_EQ(socket_address::unix_path("").size(), sizeof(sa_family_t));
}

TEST(socket_address, takes_paths_and_names_of_107_bytes_and_no_more) {
  EXPECT_EQ(socket_address::unix_path(std::string(107, 'p')).path().size(), 107U);
  EXPECT_EQ(socket_address::unix_abstract(std::string(107, 'n')).path().size(), 108U);
  EXPECT_THROW(static_cast<void>(socket_address::unix_path(std::string(108, 'p'))), std::system_error);
  EXPECT_THROW(static_cast<void>(socket_address::unix_abstract(std::string(108, 'n'))), std::system_error);
  EXPECT_THROW(static_cast<void>(socket_address::unix_path(std::string_view("a\0b", 3))), std::system_error);
}

TEST(socket_address, is_the_same_whether_the_system_counts_the_last_byte_or_more) {
  sockaddr_un given{};
  given.sun_family = AF_UNIX;
  given.sun_path[0] = 'x';
  for (const std::size_t size : {sizeof(sa_family_t) + 1, sizeof(sa_family_t) + 2, sizeof given})
    EXPECT_EQ(socket_address(reinterpret_cast<const sockaddr*>(&given), static_cast<socklen_t>(size)),
              socket_address::unix_path("x"));
}

TEST(socket_address, can_be_a_key) {
  std::unordered_set<socket_address> hashed;
  std::set<socket_address> ordered;
  for (const char* host : {"127.0.0.1", "127.0.0.2", "::1", "fe80::1%1", "fe80::1%2"})
    for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}}) {
      hashed.insert(*socket_address::parse(host, port));
      ordered.insert(*socket_address::parse(host, port));
    }
  hashed.insert(socket_address::unix_path("a"));
  ordered.insert(socket_address::unix_path("a"));
  EXPECT_EQ(hashed.size(), 11U);
  EXPECT_EQ(ordered.size(), 11U);
  EXPECT_TRUE(hashed.contains(*socket_address::parse("::1", 2)));
}

TEST(socket_address, of_a_unix_socket_is_neither_loopback_nor_global_nor_multicast) {
  const auto local = socket_address::unix_path("/x");
  EXPECT_FALSE(local.is_loopback() || local.is_global() || local.is_multicast());
  EXPECT_EQ(local.port(), 0);
}

}  // namespace
