#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl/detail/address_finder.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::socket_address;
using hocket::url;
using hocket::crawl::detail::address_finder;

namespace {

/// Knows a few names, and notes which it was asked for.
class noting_resolver final : public hocket::resolver {
 public:
  explicit noting_resolver(std::map<std::string, std::vector<std::string>> names) : names_(std::move(names)) {}

  coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    asked.push_back(host);
    const auto known = names_.find(host);
    if (known == names_.end()) throw std::system_error(std::make_error_code(std::errc::host_unreachable), host);
    std::vector<socket_address> all;
    for (const std::string& each : known->second) all.push_back(*socket_address::parse(each, port));
    co_return all;
  }

  std::vector<std::string> asked;

 private:
  std::map<std::string, std::vector<std::string>> names_;
};

/// Hosts at these addresses, one of which may be asked at once at each.
struct one_at_an_address {
  explicit one_at_an_address(std::map<std::string, std::vector<std::string>> known)
      : names(std::make_shared<noting_resolver>(std::move(known))) {
    options.resolver = names;
  }

  /// Whether there is room for one more URL of this host, which is under way from now on.
  coro<bool> has_room(std::string host) {
    const url where = *url::parse("http://" + host + "/");
    turns.add({.url = where});
    co_await turns.next();
    co_return co_await finder.has_room(where);
  }
  void finish(const std::string& host) { turns.finished(*url::parse("http://" + host + "/")); }

  std::shared_ptr<noting_resolver> names;
  hocket::crawl::crawl_options options;
  hocket::crawl::scheduler turns{[](const url&) { return hocket::crawl::host_limits(); }, {.per_address = 1}};
  address_finder finder{options, turns};
};

HOCKET_TEST(address_finder, counts_an_ipv4_address_once_however_it_is_written) {
  one_at_an_address hosts({{"a.test", {"192.0.2.1"}}, {"b.test", {"::ffff:192.0.2.1"}}});
  EXPECT_TRUE(co_await hosts.has_room("a.test"));
  for (const std::string same : {"b.test", "192.0.2.1", "[::ffff:192.0.2.1]"}) {
    EXPECT_FALSE(co_await hosts.has_room(same)) << same;
    hosts.finish(same);
  }
  EXPECT_TRUE(co_await hosts.has_room("[::ffff:192.0.2.2]"));
}

HOCKET_TEST(address_finder, remembers_for_a_minute_where_a_host_is) {
  one_at_an_address hosts({{"a.test", {"192.0.2.1"}}});
  for (const int times : {1, 2}) {
    for (int n = 0; n < 3; ++n) {
      EXPECT_TRUE(co_await hosts.has_room("a.test"));
      hosts.finish("a.test");
      EXPECT_EQ(hosts.turns.hosts(), 0U);
    }
    EXPECT_EQ(hosts.names->asked.size(), static_cast<std::size_t>(times));
    co_await hocket::sleep(1min);
  }
}

HOCKET_TEST(address_finder, remembers_for_a_minute_that_a_host_is_nowhere) {
  one_at_an_address hosts({});
  for (const int times : {1, 2}) {
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(co_await hosts.has_room("a.test"));
    EXPECT_EQ(hosts.names->asked.size(), static_cast<std::size_t>(times));
    co_await hocket::sleep(1min);
  }
}

}  // namespace
