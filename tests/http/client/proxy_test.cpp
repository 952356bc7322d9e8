#include <map>
#include <string>

#include <http/client/client_peer.hpp>

#include <hocket/http/client/proxy.hpp>
#include <hocket/testing/test.hpp>

using hocket::http::client_error;
using hocket::http::proxy;
using hocket::http::proxy_settings;

namespace {

proxy_settings settings_from(std::map<std::string, std::string> variables) {
  return proxy_settings::from_environment([variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string proxy_for(const proxy_settings& settings, std::string_view target) {
  const proxy* found = settings.for_target(*hocket::url::parse(target));
  return found == nullptr ? "none" : found->name();
}

TEST(proxy, is_read_as_curl_reads_it) {
  EXPECT_EQ(proxy::parse("proxy.example").name(), "http://proxy.example:1080");
  EXPECT_EQ(proxy::parse("proxy.example:3128").name(), "http://proxy.example:3128");
  EXPECT_EQ(proxy::parse("http://proxy.example:80/").name(), "http://proxy.example:80");
  EXPECT_EQ(proxy::parse("http://proxy.example:443").name(), "http://proxy.example:443");
  EXPECT_EQ(proxy::parse("HTTPS://proxy.example").name(), "https://proxy.example:443");
  EXPECT_EQ(proxy::parse("https://proxy.example:80").name(), "https://proxy.example:80");
  EXPECT_EQ(proxy::parse("socks5://[::1]:9050").name(), "socks5://[::1]:9050");
  EXPECT_EQ(proxy::parse("socks5h://proxy.example").name(), "socks5://proxy.example:1080");
}

TEST(proxy, has_the_user_and_the_password_decoded_and_does_not_show_them) {
  const proxy made = proxy::parse("http://us%40er:p%3Ass@proxy.example:3128");
  EXPECT_EQ(made.username(), "us@er");
  EXPECT_EQ(made.password(), "p:ss");
  EXPECT_EQ(made.name(), "http://proxy.example:3128");
  EXPECT_EQ(made.authorization(), "Basic dXNAZXI6cDpzcw==");
  EXPECT_EQ(proxy::parse("proxy.example").authorization(), "");
}

TEST(proxy, that_is_none_is_refused_without_telling_the_password) {
  for (const char* text : {"", "http://", "ftp://proxy.example", "socks4://proxy.example", "http://user:secret@",
                           "http://user:secret@a b", "http://user:secret@proxy.example/path",
                           "http://user:secret@proxy.example:99999", "http://proxy.example?secret", "://"}) {
    try {
      static_cast<void>(proxy::parse(text));
      ADD_FAILURE() << text;
    } catch (const client_error& thrown) {
      EXPECT_EQ(std::string_view(thrown.what()).find("secret"), std::string_view::npos) << thrown.what();
    }
  }
}

TEST(proxy, settings_come_from_the_environment) {
  const auto settings = settings_from({{"http_proxy", "one.example:1"}, {"HTTPS_PROXY", "two.example:2"}});
  EXPECT_EQ(proxy_for(settings, "http://a.example/"), "http://one.example:1");
  EXPECT_EQ(proxy_for(settings, "https://a.example/"), "http://two.example:2");
  EXPECT_EQ(proxy_for(settings_from({}), "http://a.example/"), "none");
  EXPECT_EQ(proxy_for(settings_from({{"http_proxy", ""}}), "http://a.example/"), "none");
}

TEST(proxy, settings_in_lower_case_come_first_and_all_proxy_last) {
  const auto settings = settings_from({{"https_proxy", "lower.example:1"},
                                       {"HTTPS_PROXY", "upper.example:2"},
                                       {"ALL_PROXY", "socks5://all.example:3"}});
  EXPECT_EQ(proxy_for(settings, "https://a.example/"), "http://lower.example:1");
  EXPECT_EQ(proxy_for(settings, "http://a.example/"), "socks5://all.example:3");
}

TEST(proxy, http_proxy_in_upper_case_is_ignored) {
  EXPECT_EQ(proxy_for(settings_from({{"HTTP_PROXY", "attacker.example:1"}}), "http://a.example/"), "none");
}

TEST(proxy, a_malformed_environment_is_an_error) {
  EXPECT_THROW(static_cast<void>(settings_from({{"http_proxy", "ftp://x"}})), client_error);
}

TEST(proxy, hosts_can_be_excepted) {
  const auto settings = settings_from(
      {{"all_proxy", "proxy.example:1"},
       {"no_proxy",
        "plain.example, .dotted.example,localhost 10.0.0.0/8\t192.168.1.7,2001:db8::/32,[::1],UPPER.example."}});
  for (const char* host :
       {"plain.example", "sub.plain.example", "plain.example.", "dotted.example", "a.b.dotted.example", "localhost",
        "10.1.2.3", "192.168.1.7", "[2001:db8::1]", "[::1]", "upper.example", "[::ffff:10.1.2.3]"})
    EXPECT_EQ(proxy_for(settings, fmt::format("http://{}:8080/", host)), "none") << host;
  for (const char* host : {"explain.example", "example", "plain.example.org", "11.1.2.3", "192.168.1.70",
                           "[2001:db9::1]", "1.0.0.10", "[::2]"})
    EXPECT_EQ(proxy_for(settings, fmt::format("http://{}:8080/", host)), "http://proxy.example:1") << host;
}

TEST(proxy, all_hosts_can_be_excepted) {
  EXPECT_EQ(proxy_for(settings_from({{"all_proxy", "proxy.example:1"}, {"NO_PROXY", "*"}}), "http://a.example/"),
            "none");
}

TEST(proxy, a_malformed_exception_excepts_nothing) {
  const auto settings = settings_from(
      {{"all_proxy", "proxy.example:1"}, {"no_proxy", "10.0.0.0/33,10.0.0.0/,10.0.0.0/x,/8,10.0.0.0/-1,.,,"}});
  EXPECT_EQ(proxy_for(settings, "http://10.0.0.1/"), "http://proxy.example:1");
}

}  // namespace
