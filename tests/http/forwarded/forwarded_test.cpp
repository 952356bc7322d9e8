#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/forwarded/forwarded.hpp>

namespace {

using hocket::socket_address;
using hocket::http::forwarded_element;
using hocket::http::forwarded_fields;
using hocket::http::headers;
using hocket::http::ip_network;
using hocket::http::parse_forwarded;
using hocket::http::parse_forwarded_node;
using hocket::http::request_origin;
using hocket::http::trusted_proxies;

socket_address at(std::string_view host, std::uint16_t port = 0) { return socket_address::parse(host, port).value(); }

const trusted_proxies by_x({ip_network::parse("10.0.0.0/8").value(), ip_network::parse("fd00::/8").value()});
const trusted_proxies by_standard({ip_network::parse("10.0.0.0/8").value()}, forwarded_fields::forwarded);

/// `client scheme host` of a request that comes from that peer.
std::string origin(const trusted_proxies& proxies, std::string_view peer, const headers& fields) {
  const auto found = proxies.resolve({at(peer, 999), "http", "direct"}, fields);
  if (!found) return "malformed";
  return found->client.to_string() + " " + found->scheme + " " + found->host;
}

TEST(forwarded, of_the_standards_examples_is_read) {
  EXPECT_EQ(parse_forwarded("for=\"_gazonk\""), (std::vector<forwarded_element>{{"_gazonk", "", "", ""}}));
  EXPECT_EQ(parse_forwarded("For=\"[2001:db8:cafe::17]:4711\""),
            (std::vector<forwarded_element>{{"[2001:db8:cafe::17]:4711", "", "", ""}}));
  EXPECT_EQ(parse_forwarded("for=192.0.2.60;proto=http;by=203.0.113.43, for=198.51.100.17 ; host = x"), std::nullopt);
  EXPECT_EQ(
      parse_forwarded("for=192.0.2.60;proto=http;by=203.0.113.43;ext=\"a,b;c\", for=198.51.100.17;host=\"x:80\""),
      (std::vector<forwarded_element>{{"192.0.2.60", "203.0.113.43", "", "http"}, {"198.51.100.17", "", "x:80", ""}}));
}

TEST(forwarded, that_is_malformed_is_refused) {
  for (const std::string field :
       {"for", "for=", "for=a;", "for=[::1]", "for=a b", "for=a;for=b", "for=\"a", "=a", "for=a:80"})
    EXPECT_EQ(parse_forwarded(field), std::nullopt) << field;
  std::string many;
  for (int n = 0; n < 100; ++n) many += "for=a,";
  EXPECT_EQ(parse_forwarded(many)->size(), 100U);
  EXPECT_EQ(parse_forwarded(many + "for=a"), std::nullopt);
}

TEST(forwarded_node, is_an_address_perhaps_with_a_port) {
  EXPECT_EQ(parse_forwarded_node("192.0.2.60"), at("192.0.2.60"));
  EXPECT_EQ(parse_forwarded_node("192.0.2.60:4711"), at("192.0.2.60", 4711));
  EXPECT_EQ(parse_forwarded_node("[2001:db8::1]:4711"), at("2001:db8::1", 4711));
  EXPECT_EQ(parse_forwarded_node("[2001:db8::1]"), at("2001:db8::1"));
  EXPECT_EQ(parse_forwarded_node("2001:db8::1"), at("2001:db8::1"));
  for (const std::string node : {"", "unknown", "_hidden", "192.0.2.60:_port", "192.0.2.60:65536",
                                 "192.0.2.60:", "example.org", "fe80::1%lo", ":80", "[::1]x:80"}) {
    EXPECT_EQ(parse_forwarded_node(node), std::nullopt) << node;
  }
}

TEST(trusted_proxies, believe_nobody_else) {
  const headers fields{
      {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "example.org"}};
  EXPECT_EQ(origin(by_x, "198.51.100.1", fields), "198.51.100.1:999 http direct");
  EXPECT_EQ(origin(by_x, "10.0.0.1", fields), "192.0.2.1:0 https example.org");
  EXPECT_EQ(origin(by_x, "::ffff:10.0.0.1", fields), "192.0.2.1:0 https example.org");
}

TEST(trusted_proxies, read_the_chain_from_its_end) {
  EXPECT_EQ(
      origin(by_x, "10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.0.0.3"}, {"X-Forwarded-For", "10.0.0.2"}}),
      "192.0.2.1:0 http direct");
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}), "10.0.0.3:0 http direct");
  EXPECT_EQ(origin(by_x, "fd00::1", {{"X-Forwarded-For", "2001:db8::1, fd00::2"}}), "[2001:db8::1]:0 http direct");
}

TEST(trusted_proxies, stop_where_no_address_is_told) {
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"X-Forwarded-For", "192.0.2.1, nonsense, 10.0.0.2"}}), "10.0.0.2:0 http direct");
  EXPECT_EQ(origin(by_x, "10.0.0.1", {}), "10.0.0.1:999 http direct");
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"X-Forwarded-For", ""}}), "10.0.0.1:999 http direct");
  EXPECT_EQ(origin(by_standard, "10.0.0.1", {{"Forwarded", "for=192.0.2.1, for=unknown;proto=https"}}),
            "10.0.0.1:999 https direct");
}

TEST(trusted_proxies, take_scheme_and_host_from_where_the_client_is_named) {
  const headers of_all{{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.0.0.2"},
                       {"X-Forwarded-Proto", "http, https, http"},
                       {"X-Forwarded-Host", "evil, example.org, inner"}};
  EXPECT_EQ(origin(by_x, "10.0.0.1", of_all), "192.0.2.1:0 https example.org");
  EXPECT_EQ(origin(by_x, "10.0.0.1",
                   {{"X-Forwarded-For", "1.1.1.1, 192.0.2.1"}, {"X-Forwarded-Proto", "https, http, https"}}),
            "192.0.2.1:0 http direct");
  EXPECT_EQ(origin(by_standard, "10.0.0.1",
                   {{"Forwarded", "for=1.1.1.1;host=evil, for=\"192.0.2.1:80\";proto=HTTPS;host=\"a.org:8443\""},
                    {"Forwarded", "for=10.0.0.2;host=inner"}}),
            "192.0.2.1:80 https a.org:8443");
}

TEST(trusted_proxies, read_only_the_fields_that_their_proxies_set) {
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"Forwarded", "for=192.0.2.1"}}), "10.0.0.1:999 http direct");
  EXPECT_EQ(origin(by_standard, "10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}),
            "10.0.0.1:999 http direct");
}

TEST(trusted_proxies, take_no_scheme_and_no_host_that_is_none) {
  EXPECT_EQ(
      origin(by_x, "10.0.0.1",
             {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "javascript"}, {"X-Forwarded-Host", "a/b"}}),
      "192.0.2.1:0 http direct");
  EXPECT_EQ(origin(by_standard, "10.0.0.1", {{"Forwarded", "for=192.0.2.1;host=\"a b\""}}), "192.0.2.1:0 http direct");
}

TEST(trusted_proxies, let_nobody_pass_for_one_of_them) {
  // What the client has written stands in front, and must not make unreadable what the proxy has added.
  EXPECT_EQ(origin(by_standard, "10.0.0.1", {{"Forwarded", "for=\""}, {"Forwarded", "for=192.0.2.1"}}), "malformed");
  EXPECT_EQ(origin(by_standard, "10.0.0.1", {{"Forwarded", "nonsense, for=192.0.2.1"}}), "malformed");
  EXPECT_EQ(origin(by_standard, "198.51.100.1", {{"Forwarded", "nonsense"}}), "198.51.100.1:999 http direct");
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"X-Forwarded-For", "\", nonsense"}, {"X-Forwarded-For", "192.0.2.1"}}),
            "192.0.2.1:0 http direct");
  std::string many;
  for (int n = 0; n < 10'000; ++n) many += "10.0.0.9, ";
  EXPECT_EQ(origin(by_x, "10.0.0.1", {{"X-Forwarded-For", many + "192.0.2.1"}}), "192.0.2.1:0 http direct");
}

}  // namespace
