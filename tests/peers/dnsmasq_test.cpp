// dns_resolver against dnsmasq, which has the zone that its options say.

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <io/temporary_directory.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/dns.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/server.hpp>

using hocket::coro;
using hocket::dns_errc;
using hocket::dns_resolver;
using hocket::socket_address;
using hocket::testing::peer_process;
using hocket::testing::reserved_port;
using hocket::testing::temporary_directory;
namespace dns = hocket::dns;

namespace {

/// A server that knows its options and asks nobody. It takes no port that somebody has reserved, so it is at another address.
class dnsmasq {
 public:
  explicit dnsmasq(std::vector<std::string> records) {
    std::vector<std::string> command{
        "dnsmasq",           "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
        "--no-hosts",        "--pid-file",           "--log-facility=-",      "--listen-address=127.0.0.2",
        "--bind-interfaces", "--user=root",          "--local-ttl=120",       fmt::format("--port={}", port_.number())};
    for (auto& each : records) command.push_back(std::move(each));
    server_.emplace(std::move(command));
  }
  [[nodiscard]] coro<void> ready() { static_cast<void>(co_await server_->line_of_err("started")); }

  [[nodiscard]] hocket::dns_options options() const {
    return {.servers = {*socket_address::parse("127.0.0.2", port_.number())},
            .search = std::vector<std::string>{},
            .hosts_file = ""};
  }

 private:
  reserved_port port_;
  std::optional<peer_process> server_;
};

coro<std::optional<dns_errc>> failure(dns_resolver& names, std::string host) {
  try {
    static_cast<void>(co_await names.resolve(std::move(host), 80));
  } catch (const hocket::dns_error& problem) {
    co_return static_cast<dns_errc>(problem.code().value());
  }
  co_return std::nullopt;
}

}  // namespace

HOCKET_PEER_TEST(dnsmasq, tells_each_type_of_record) {
  HOCKET_NEEDS("dnsmasq");
  dnsmasq server({"--host-record=host.example,192.0.2.1,2001:db8::1,300", "--cname=alias.example,host.example",
                  "--mx-host=example,mail.example,10", "--txt-record=example,one ,two",
                  "--srv-host=_sip._udp.example,sip.example,5060,1,2",
                  "--ptr-record=9.2.0.192.in-addr.arpa,nine.example", "--caa-record=example,0,issue,ca.example",
                  "--naptr-record=example,1,2,u,E2U+sip,!x!y!,.", "--auth-server=ns.example",
                  "--auth-zone=zone.example", "--auth-soa=7,admin.example",
                  "--host-record=www.zone.example,192.0.2.3"});
  co_await server.ready();
  dns_resolver names(server.options());
  const auto v4 = co_await names.query<dns::a>("host.example");
  EXPECT_EQ(v4.front().address.host(), "192.0.2.1");
  EXPECT_EQ(v4.front().ttl, std::chrono::seconds(300));
  EXPECT_EQ((co_await names.query<dns::aaaa>("host.example")).front().address.host(), "2001:db8::1");
  EXPECT_EQ((co_await names.query<dns::cname>("alias.example")).front().host, "host.example");
  EXPECT_EQ((co_await names.query<dns::a>("alias.example")).front().address.host(), "192.0.2.1");
  const auto mail = (co_await names.query<dns::mx>("example")).front();
  EXPECT_EQ(mail.host, "mail.example");
  EXPECT_EQ(mail.priority, 10);
  EXPECT_EQ((co_await names.query<dns::txt>("example")).front().text, "one two");
  const auto service = (co_await names.query<dns::srv>("_sip._udp.example")).front();
  EXPECT_EQ(service.host, "sip.example");
  EXPECT_EQ(service.port, 5060);
  EXPECT_EQ(service.priority, 1);
  EXPECT_EQ(service.weight, 2);
  EXPECT_EQ((co_await names.gethostbyaddr(*socket_address::parse("192.0.2.1", 0))).front(), "host.example");
  EXPECT_EQ((co_await names.query<dns::ptr>("9.2.0.192.in-addr.arpa")).front().host, "nine.example");
  const auto authority = (co_await names.query<dns::caa>("example")).front();
  EXPECT_EQ(authority.property, "issue");
  EXPECT_EQ(authority.value, "ca.example");
  EXPECT_EQ((co_await names.query<dns::naptr>("example")).front().service, "E2U+sip");
}

HOCKET_PEER_TEST(dnsmasq, is_asked_by_tcp_for_what_is_too_long_for_a_datagram) {
  HOCKET_NEEDS("dnsmasq");
  const std::string text(250, 't');
  std::vector<std::string> records;
  for (int n = 0; n < 20; ++n) records.push_back(fmt::format("--txt-record=long.example,{}{}", n, text.substr(4)));
  dnsmasq server(std::move(records));
  co_await server.ready();
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.query<dns::txt>("long.example")).size(), 20U);
}

HOCKET_PEER_TEST(dnsmasq, tells_that_there_is_no_such_name_or_no_such_record) {
  HOCKET_NEEDS("dnsmasq");
  dnsmasq server({"--local=/example/", "--host-record=host.example,192.0.2.1", "--txt-record=text.example,words"});
  co_await server.ready();
  dns_resolver names(server.options());
  EXPECT_EQ(co_await failure(names, "nobody.example"), dns_errc::no_such_name);
  EXPECT_EQ(co_await failure(names, "text.example"), dns_errc::no_data);
  EXPECT_EQ(co_await failure(names, "other.test"), dns_errc::refused);
}

HOCKET_PEER_TEST(dnsmasq, answers_many_questions_at_once) {
  HOCKET_NEEDS("dnsmasq");
  dnsmasq server({"--address=/many.example/192.0.2.1"});
  co_await server.ready();
  dns_resolver names(server.options());
  std::vector<coro<std::vector<socket_address>>> calls;
  for (int n = 0; n < 1000; ++n) calls.push_back(names.resolve(fmt::format("n{}.many.example", n), 80, AF_INET));
  for (const auto& each : co_await hocket::gather(std::move(calls))) EXPECT_EQ(each.front().host(), "192.0.2.1");
  EXPECT_EQ(names.statistics().questions, 1000U);
}

HOCKET_PEER_TEST(dnsmasq, finds_the_host_for_a_session) {
  HOCKET_NEEDS("dnsmasq");
  dnsmasq server({"--host-record=web.example,127.0.0.1"});
  co_await server.ready();
  auto listener = hocket::tcp_listener::listen(*socket_address::parse("127.0.0.1", 0));
  hocket::http::server web([](hocket::http::request& asked) -> coro<hocket::http::reply> {
    co_return hocket::http::reply::text(std::string(asked.host()));
  });
  auto serving = hocket::create_task(web.serve(listener));
  hocket::http::session client({.resolver = std::make_shared<dns_resolver>(server.options())});
  const std::string authority = fmt::format("web.example:{}", listener.local_address().port());
  auto response = co_await client.get(fmt::format("http://{}/", authority));
  EXPECT_EQ(co_await response.text(), authority);
  serving.cancel();
  static_cast<void>(co_await hocket::as_result(serving));
}
