#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/scope.hpp>

using hocket::url;
using hocket::crawl::is_loopback_host;
using hocket::crawl::registrable_domain;
using hocket::crawl::scope;
using hocket::crawl::scope_rule;

namespace {

bool contains(scope_rule rule, std::string_view seed, std::string_view candidate) {
  return scope(rule, {*url::parse(seed)}).contains(*url::parse(candidate));
}

TEST(scope, host_is_the_same_host_and_port) {
  const auto in_host = [](std::string_view candidate) {
    return contains(scope_rule::host, "http://www.example.org/docs/", candidate);
  };
  EXPECT_TRUE(in_host("http://www.example.org/"));
  EXPECT_TRUE(in_host("http://WWW.example.org:80/elsewhere?x"));
  EXPECT_FALSE(in_host("http://example.org/docs/"));
  EXPECT_FALSE(in_host("http://www.example.org:8080/docs/"));
  EXPECT_FALSE(in_host("http://www.example.org.evil.example/docs/"));
  EXPECT_FALSE(in_host("http://evil.example/www.example.org/"));
}

TEST(scope, domain_is_what_one_registers) {
  const auto in_domain = [](std::string_view candidate) {
    return contains(scope_rule::domain, "http://www.example.co.uk/", candidate);
  };
  EXPECT_TRUE(in_domain("http://example.co.uk/"));
  EXPECT_TRUE(in_domain("http://docs.deep.example.co.uk:8080/"));
  EXPECT_FALSE(in_domain("http://other.co.uk/"));
  EXPECT_FALSE(in_domain("http://notexample.co.uk/"));
  EXPECT_FALSE(in_domain("http://example.com/"));
}

TEST(scope, domain_of_an_address_is_the_address) {
  EXPECT_TRUE(contains(scope_rule::domain, "http://127.0.0.1:1/", "http://127.0.0.1:2/"));
  EXPECT_FALSE(contains(scope_rule::domain, "http://127.0.0.1/", "http://126.0.0.1/"));
  EXPECT_FALSE(contains(scope_rule::domain, "http://[::1]/", "http://[::2]/"));
}

TEST(scope, prefix_is_the_directory_of_the_seed) {
  const auto below = [](std::string_view candidate) {
    return contains(scope_rule::prefix, "http://example.org/docs/index.html?x=/y/", candidate);
  };
  EXPECT_TRUE(below("http://example.org/docs/"));
  EXPECT_TRUE(below("http://example.org/docs/deep/a.html"));
  EXPECT_FALSE(below("http://example.org/docs"));
  EXPECT_FALSE(below("http://example.org/docs2/"));
  EXPECT_FALSE(below("http://example.org/"));
  EXPECT_FALSE(below("http://example.org:8080/docs/"));
  EXPECT_FALSE(below("http://example.org.evil.example/docs/"));
}

TEST(scope, prefix_of_the_root_is_the_host) {
  EXPECT_TRUE(contains(scope_rule::prefix, "http://example.org", "http://example.org/any/thing"));
  EXPECT_FALSE(contains(scope_rule::prefix, "http://example.org", "http://example.org.evil.example/"));
}

TEST(scope, any_is_everything) {
  EXPECT_TRUE(contains(scope_rule::any, "http://example.org/", "https://elsewhere.example:1/"));
}

TEST(scope, every_seed_counts) {
  for (const auto rule : {scope_rule::host, scope_rule::domain, scope_rule::prefix}) {
    const scope both(rule, {*url::parse("http://a.example/"), *url::parse("http://b.example/")});
    EXPECT_TRUE(both.contains(*url::parse("http://a.example/x")));
    EXPECT_TRUE(both.contains(*url::parse("http://b.example/x")));
    EXPECT_FALSE(both.contains(*url::parse("http://c.example/x")));
  }
}

TEST(scope, knows_the_hosts_that_seeds_name) {
  const scope any(scope_rule::any, {*url::parse("http://127.0.0.1:8080/")});
  EXPECT_TRUE(any.names_host("127.0.0.1"));
  EXPECT_FALSE(any.names_host("127.0.0.2"));
}

TEST(registrable_domain, obeys_the_public_suffix_list) {
  EXPECT_EQ(registrable_domain("www.example.co.uk"), "example.co.uk");
  EXPECT_EQ(registrable_domain("a.b.example.org"), "example.org");
  EXPECT_EQ(registrable_domain("example.org"), "example.org");
  EXPECT_EQ(registrable_domain("co.uk"), "co.uk");
  EXPECT_EQ(registrable_domain("localhost"), "localhost");
  EXPECT_EQ(registrable_domain("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(registrable_domain("[2001:db8::1]"), "[2001:db8::1]");
}

TEST(is_loopback_host, knows_names_and_addresses_of_this_machine) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "[::1]", "localhost", "www.localhost", "[::ffff:7f00:1]"})
    EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host : {"128.0.0.1", "[::2]", "localhost.example.org", "notlocalhost", "example.org"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
}

}  // namespace
