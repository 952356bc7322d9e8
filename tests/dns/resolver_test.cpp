// dns_resolver against name servers that answer what the test says.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <dns/name_server.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/finally.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/dns.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::dns_errc;
using hocket::dns_options;
using hocket::dns_resolver;
using hocket::socket_address;
using namespace hocket::testing;
namespace dns = hocket::dns;

namespace {

std::string v4_record(std::string_view name, std::uint32_t ttl, char last = 1) {
  return resource(name, type_a, ttl, {'\xc0', 0, 2, last});
}
std::string v6_record(std::string_view name, std::uint32_t ttl) {
  return resource(name, type_aaaa, ttl, std::string("\x20\x01\x0d\xb8", 4) + std::string(12, '\1'));
}

name_server::script says_v4(std::string name, std::uint32_t ttl = 60) {
  return says(type_a, name, {v4_record(name, ttl)});
}
std::vector<std::string> silence(const question&) { return {}; }

dns_options impatient(dns_options options) {
  options.timeout = 50ms;
  options.tries = 1;
  return options;
}

std::string hosts_of(const std::vector<socket_address>& addresses) {
  std::string text;
  for (const auto& each : addresses) text += each.host() + " ";
  return text;
}

coro<std::string> text_of(dns_resolver& names, std::string name) {
  co_return (co_await names.query<dns::txt>(std::move(name))).front().text;
}

}  // namespace

// ---- questions

HOCKET_TEST(dns_resolver, gives_the_records_and_how_long_they_hold) {
  name_server server(
      says(type_mx, "x.example", {resource("x.example", type_mx, 300, be16(10) + wire_name("mail.example"))}));
  dns_resolver names(server.options());
  const auto found = co_await names.query<dns::mx>("X.example.");
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().host, "mail.example");
  EXPECT_EQ(found.front().ttl, 300s);
  EXPECT_EQ(names.statistics().sockets, 0U);
}

HOCKET_TEST(dns_resolver, asks_once_for_what_many_want_to_know) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  std::vector<coro<std::vector<dns::a>>> calls;
  for (int n = 0; n < 10; ++n) calls.push_back(names.query<dns::a>("x.example"));
  for (const auto& each : co_await hocket::gather(std::move(calls)))
    EXPECT_EQ(each.front().address.host(), "192.0.2.1");
  EXPECT_EQ(server.asked().size(), 1U);
}

HOCKET_TEST(dns_resolver, has_as_many_questions_under_way_as_it_may) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60)}})};
  });
  auto options = server.options();
  options.limit = 2;
  dns_resolver names(options);
  std::vector<coro<std::vector<dns::a>>> calls;
  for (int n = 0; n < 100; ++n) calls.push_back(names.query<dns::a>(std::to_string(n) + ".example"));
  auto all = create_task(hocket::gather(std::move(calls)));
  while (names.statistics().under_way == 0) co_await hocket::sleep(0s);
  EXPECT_EQ(names.statistics().under_way, 2U);
  EXPECT_EQ(names.statistics().waiting, 98U);
  EXPECT_EQ((co_await all).size(), 100U);
  EXPECT_EQ(names.statistics().questions, 100U);
}

HOCKET_TEST(dns_resolver, an_error_names_the_name_the_server_and_the_reason) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  const auto problem = co_await dns_failure_of(names.query<dns::mx>("y.example"));
  EXPECT_EQ(problem->code(), dns_errc::no_such_name);
  EXPECT_EQ(std::string(problem->what()),
            "cannot look up MX of y.example: there is no such name (asked " + server.address().to_string() + ")");
  const auto host = co_await dns_failure_of(names.resolve("y.example", 80));
  EXPECT_EQ(std::string(host->what()),
            "cannot resolve y.example: there is no such name (asked " + server.address().to_string() + ")");
}

TEST(dns_error, compares_as_an_error_of_the_system_if_another_attempt_may_help) {
  EXPECT_EQ(make_error_code(dns_errc::timed_out), std::errc::timed_out);
  EXPECT_EQ(make_error_code(dns_errc::server_failure), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(make_error_code(dns_errc::connection_refused), std::errc::connection_refused);
  for (const dns_errc lasting :
       {dns_errc::no_such_name, dns_errc::no_data, dns_errc::refused, dns_errc::not_implemented, dns_errc::format_error,
        dns_errc::bad_response, dns_errc::bad_name, dns_errc::closed})
    EXPECT_NE(make_error_code(lasting).default_error_condition().category(), std::generic_category());
}

HOCKET_TEST(dns_resolver, asks_nobody_for_what_is_no_name) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  for (const std::string& bad : {std::string(), std::string("a..example"), std::string(".example"), std::string("a b"),
                                 std::string("x\0y", 3), std::string("two\nlines"), std::string("b\xc3\xbc"),
                                 std::string(2000, 'a'), std::string(300, 'a') + ".example"}) {
    const auto problem = co_await dns_failure_of(names.query<dns::a>(bad));
    EXPECT_EQ(problem->code(), dns_errc::bad_name) << bad;
    EXPECT_EQ(std::string(problem->what()).find('\n'), std::string::npos);
  }
  EXPECT_TRUE(server.asked().empty());
}

HOCKET_TEST(dns_resolver, finds_the_name_of_an_address) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {reply_to(asked, {.answers = {resource(asked.name, type_ptr, 60, wire_name("host.example"))}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.gethostbyaddr(*socket_address::parse("192.0.2.1", 80))).front(), "host.example");
  EXPECT_EQ(server.asked().back().name, "1.2.0.192.in-addr.arpa");
  EXPECT_EQ((co_await names.gethostbyaddr(*socket_address::parse("2001:db8::1", 80))).front(), "host.example");
  EXPECT_EQ(server.asked().back().name, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

// ---- servers that are no good

HOCKET_REAL_TIME_TEST(dns_resolver, gives_up_a_silent_server) {
  name_server server(silence);
  dns_resolver names(impatient(server.options()));
  const auto problem = co_await dns_failure_of(names.query<dns::a>("x.example"));
  EXPECT_EQ(problem->code(), dns_errc::timed_out);
  EXPECT_EQ(std::string(problem->what()),
            "cannot look up A of x.example: there was no answer in time (asked " + server.address().to_string() + ")");
  EXPECT_EQ(server.asked().size(), 1U);
  EXPECT_EQ(names.statistics().sockets, 0U);
}

HOCKET_REAL_TIME_TEST(dns_resolver, asks_a_silent_server_again) {
  auto times = std::make_shared<int>(0);
  name_server server([times](const question& asked) -> std::vector<std::string> {
    if (++*times < 3) return {};
    return {reply_to(asked, {.answers = {v4_record("x.example", 60)}})};
  });
  auto options = impatient(server.options());
  options.tries = 3;
  dns_resolver names(options);
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ(server.asked().size(), 3U);
}

HOCKET_TEST(dns_resolver, cancelled_while_the_server_is_silent_ends_at_once) {
  name_server server(silence);
  dns_resolver names(server.options());
  auto asking = create_task(names.query<dns::a>("x.example"));
  while (server.asked().empty()) co_await hocket::sleep(0s);
  const auto before = hocket::loop::running().counters().turns;
  asking.cancel();
  EXPECT_TRUE(co_await ends_cancelled(asking));
  EXPECT_LE(hocket::loop::running().counters().turns - before, 4U);
}

HOCKET_TEST(dns_resolver, destroyed_leaves_no_descriptor_open) {
  name_server server(silence);
  const auto before = hocket::loop::running().io().open_descriptors();
  {
    dns_resolver names(server.options());
    auto asking = create_task(names.query<dns::a>("x.example"));
    while (server.asked().empty()) co_await hocket::sleep(0s);
    EXPECT_EQ(hocket::loop::running().io().open_descriptors(), before + 1);
    asking.cancel();
  }
  for (int turns = 0; turns < 100; ++turns) co_await hocket::sleep(0s);
  EXPECT_EQ(hocket::loop::running().io().open_descriptors(), before);
}

HOCKET_TEST(dns_resolver, destroyed_ends_the_calls_under_way) {
  name_server server(silence);
  auto names = std::make_unique<dns_resolver>(server.options());
  auto asking = create_task(dns_failure_of(names->query<dns::a>("x.example")));
  auto resolving = create_task(dns_failure_of(names->resolve("x.example", 80)));
  while (server.asked().size() < 2) co_await hocket::sleep(0s);
  names.reset();
  for (int turns = 0; turns < 100 && !(asking.done() && resolving.done()); ++turns) co_await hocket::sleep(0s);
  EXPECT_TRUE(asking.done() && resolving.done());
  EXPECT_EQ((co_await asking)->code(), dns_errc::closed);
  EXPECT_EQ((co_await resolving)->code(), dns_errc::closed);
}

// The end of a run cancels all tasks, those that hear the answers too: nobody waits for a silent server then.
TEST(dns_resolver, ends_the_questions_under_way_when_a_run_ends) {
  for (const auto backend : every_backend()) {
    std::optional<hocket::dns_error> seen;
    hocket::run(
        [](std::optional<hocket::dns_error>& into) -> coro<void> {
          auto server = std::make_shared<name_server>(silence);
          create_task(hocket::finally(hocket::sleep(0s), [&into, server]() -> coro<void> {
            dns_resolver names(server->options());
            into = co_await dns_failure_of(names.query<dns::a>("x.example"));
          }));
          while (server->asked().empty()) co_await hocket::sleep(0s);
        }(seen),
        {.backend = backend});
    EXPECT_TRUE(seen.has_value());
    if (seen) EXPECT_EQ(seen->code(), dns_errc::closed);
  }
}

TEST(dns_resolver, serves_those_who_clean_up) {
  for (const auto backend : every_backend()) {
    std::size_t found = 0;
    hocket::run(
        [](std::size_t& into) -> coro<void> {
          create_task(hocket::finally(hocket::sleep(1h), [&into]() -> coro<void> {
            name_server server(says_v4("x.example"));
            dns_resolver names(server.options());
            into = (co_await names.query<dns::a>("x.example")).size();
          }));
          co_await hocket::sleep(0s);
          co_await hocket::sleep(0s);
        }(found),
        {.backend = backend});
    EXPECT_EQ(found, 1U);
  }
}

TEST(dns_resolver, a_run_ends_with_questions_under_way) {
  for (const auto backend : every_backend()) {
    hocket::run(
        []() -> coro<void> {
          name_server server(silence);
          create_task([](std::shared_ptr<dns_resolver> names) -> coro<void> {
            static_cast<void>(co_await names->resolve("x.example", 80));
          }(std::make_shared<dns_resolver>(server.options())));
          while (server.asked().empty()) co_await hocket::sleep(0s);
        }(),
        {.backend = backend});
  }
}

HOCKET_TEST(dns_resolver, asks_by_tcp_for_what_was_cut_off) {
  const std::string long_text(200, 't');
  name_server server([=](const question& asked) -> std::vector<std::string> {
    if (!asked.by_tcp) return {reply_to(asked, {.truncated = true})};
    std::vector<std::string> many;
    for (int n = 0; n < 100; ++n) many.push_back(resource("x.example", type_txt, 60, short_text(long_text)));
    return {reply_to(asked, {.answers = many})};
  });
  dns_resolver names(server.options());
  const auto found = co_await names.query<dns::txt>("x.example");
  EXPECT_EQ(found.size(), 100U);
  EXPECT_EQ(found.back().text, long_text);
  EXPECT_EQ(server.asked().size(), 2U);
}

HOCKET_TEST(dns_resolver, asks_by_tcp_alone_if_it_is_told_to) {
  name_server server(says(type_txt, "x.example", {resource("x.example", type_txt, 60, short_text("hello"))}));
  auto options = server.options();
  options.tcp_only = true;
  dns_resolver names(options);
  EXPECT_EQ(co_await text_of(names, "x.example"), "hello");
  EXPECT_TRUE(server.asked().front().by_tcp);
}

HOCKET_TEST(dns_resolver, hears_only_the_answer_to_its_own_question) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    question other_id = asked;
    ++other_id.id;
    question other_name = asked;
    other_name.section = wire_name("bank.example") + be16(asked.type) + be16(1);
    const std::string lie = resource("x.example", type_txt, 60, short_text("a lie"));
    const std::string truth = resource("x.example", type_txt, 60, short_text("the truth"));
    return {"", "garbage", reply_to(other_id, {.answers = {lie}}), reply_to(other_name, {.answers = {lie}}),
            reply_to(asked, {.answers = {truth}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ(co_await text_of(names, "x.example"), "the truth");
}

HOCKET_TEST(dns_resolver, does_not_remember_what_nobody_asked_for) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60), v4_record("bank.example", 60, 66)}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ((co_await names.query<dns::a>("bank.example")).size(),
            2U);  // from the server, which may say so of this name
  EXPECT_EQ(server.asked().size(), 2U);
}

HOCKET_TEST(dns_resolver, an_answer_that_is_malformed_is_an_error) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {reply_to(asked, {.answers = {resource(asked.name, type_a, 60, "abc")}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ((co_await dns_failure_of(names.query<dns::a>("x.example")))->code(), dns_errc::bad_response);
}

HOCKET_TEST(dns_resolver, passes_over_datagrams_that_are_no_answers) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    std::string echoed = reply_to(asked, {});
    echoed[2] = static_cast<char>(echoed[2] & 0x7f);  // a question
    return {echoed, be16(asked.id), reply_to(asked, {.answers = {resource(asked.name, type_a, 60, "\x7f\1\1\1")}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ(server.asked().size(), 1U);
}

HOCKET_TEST(dns_resolver, asks_the_next_server_if_one_fails) {
  name_server failing(
      [](const question& asked) -> std::vector<std::string> { return {reply_to(asked, {.code = servfail})}; });
  name_server good(says_v4("x.example"));
  auto options = good.options();
  options.servers = {failing.address(), good.address()};
  dns_resolver names(options);
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ(failing.asked().size(), 1U);
}

HOCKET_TEST(dns_resolver, tells_that_the_server_fails_or_refuses) {
  auto code = std::make_shared<unsigned>(servfail);
  name_server server(
      [code](const question& asked) -> std::vector<std::string> { return {reply_to(asked, {.code = *code})}; });
  dns_resolver names(server.options());
  EXPECT_EQ((co_await dns_failure_of(names.query<dns::a>("x.example")))->code(), dns_errc::server_failure);
  *code = refused;
  EXPECT_EQ((co_await dns_failure_of(names.query<dns::a>("y.example")))->code(), dns_errc::refused);
}

HOCKET_REAL_TIME_TEST(dns_resolver, tells_that_there_is_no_server) {
  auto options = std::make_unique<name_server>(silence)->options();
  options.servers = {
      *socket_address::parse("127.0.0.1", 1)};  // which no system gives to a socket that asks for any port
  dns_resolver names(options);
  const auto problem = co_await dns_failure_of(names.query<dns::a>("x.example"));
  EXPECT_EQ(problem->code(), dns_errc::connection_refused);
  EXPECT_NE(std::string(problem->what()).find("there is no server (asked 127.0.0.1:"), std::string::npos)
      << problem->what();
}

// ---- what is remembered

HOCKET_TEST(dns_resolver, remembers_an_answer_for_as_long_as_it_holds) {
  name_server server(says_v4("x.example", 60));
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).front().ttl, 60s);
  co_await hocket::sleep(50s);
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).front().ttl, 10s);
  EXPECT_EQ(server.asked().size(), 1U);
  co_await hocket::sleep(11s);
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).front().ttl, 60s);
  EXPECT_EQ(server.asked().size(), 2U);
  EXPECT_EQ(names.statistics().hits, 1U);
}

HOCKET_TEST(dns_resolver, remembers_that_there_is_no_such_name) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  for (int n = 0; n < 3; ++n)
    EXPECT_EQ((co_await dns_failure_of(names.query<dns::a>("y.example")))->code(), dns_errc::no_such_name);
  EXPECT_EQ(server.asked().size(), 1U);
  co_await hocket::sleep(61s);
  EXPECT_TRUE(co_await dns_failure_of(names.query<dns::a>("y.example")));
  EXPECT_EQ(server.asked().size(), 2U);
}

HOCKET_TEST(dns_resolver, remembers_nothing_for_longer_than_it_may) {
  name_server server(says_v4("x.example", 1000));
  auto options = server.options();
  options.max_ttl = 20s;
  options.max_negative_ttl = 5s;
  dns_resolver names(options);
  static_cast<void>(co_await names.query<dns::a>("x.example"));
  static_cast<void>(co_await dns_failure_of(names.query<dns::a>("y.example")));
  co_await hocket::sleep(6s);
  static_cast<void>(co_await names.query<dns::a>("x.example"));
  static_cast<void>(co_await dns_failure_of(names.query<dns::a>("y.example")));
  EXPECT_EQ(server.asked().size(), 3U);
  co_await hocket::sleep(15s);
  static_cast<void>(co_await names.query<dns::a>("x.example"));
  EXPECT_EQ(server.asked().size(), 4U);
}

HOCKET_TEST(dns_resolver, does_not_remember_that_there_is_nothing_if_nobody_says_for_how_long) {
  name_server server(
      [](const question& asked) -> std::vector<std::string> { return {reply_to(asked, {.code = nxdomain})}; });
  dns_resolver names(server.options());
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(co_await dns_failure_of(names.query<dns::a>("y.example")));
  EXPECT_EQ(server.asked().size(), 3U);
}

HOCKET_TEST(dns_resolver, asks_nobody_again_just_after_a_failure) {
  name_server server(
      [](const question& asked) -> std::vector<std::string> { return {reply_to(asked, {.code = refused})}; });
  auto options = server.options();
  options.tries = 1;
  dns_resolver names(options);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(co_await dns_failure_of(names.query<dns::a>("x.example")));
  EXPECT_EQ(server.asked().size(), 1U);
  co_await hocket::sleep(1100ms);
  EXPECT_TRUE(co_await dns_failure_of(names.query<dns::a>("x.example")));
  EXPECT_EQ(server.asked().size(), 2U);
}

HOCKET_TEST(dns_resolver, forgets_first_what_was_used_longest_ago) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60)}})};
  });
  auto options = server.options();
  options.cache_size = 2;
  dns_resolver names(options);
  for (const char* name : {"a.example", "b.example", "a.example", "c.example", "a.example", "b.example"})
    static_cast<void>(co_await names.query<dns::a>(name));
  EXPECT_EQ(server.asked().size(), 4U);
  EXPECT_EQ(names.statistics().cached, 2U);
  names.clear_cache();
  EXPECT_EQ(names.statistics().cached, 0U);
}

HOCKET_TEST(dns_resolver, counts_a_large_answer_for_several) {
  const std::string long_text(255, 't');
  name_server server([=](const question& asked) -> std::vector<std::string> {
    const std::string record =
        resource(asked.name, type_txt, 60, short_text(asked.name == "large.example" ? long_text : "short"));
    return {reply_to(asked, {.answers = {record, record}})};
  });
  auto options = server.options();
  options.cache_size = 3;
  dns_resolver names(options);
  for (const char* name : {"a.example", "b.example", "large.example"})
    static_cast<void>(co_await names.query<dns::txt>(name));
  EXPECT_EQ(names.statistics().cached, 2U);  // the large one has taken the place of the first
}

HOCKET_TEST(dns_resolver, remembers_the_answer_that_a_cancelled_call_did_not_wait_for) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  auto asking = create_task(names.query<dns::a>("x.example"));
  while (names.statistics().under_way == 0) co_await hocket::sleep(0s);
  asking.cancel();
  EXPECT_TRUE(co_await ends_cancelled(asking));
  while (names.statistics().under_way > 0) co_await hocket::sleep(0s);
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ(server.asked().size(), 1U);
}

HOCKET_TEST(dns_resolver, a_cancelled_call_takes_the_answer_from_nobody_else) {
  name_server server(says_v4("x.example"));
  dns_resolver names(server.options());
  auto first = create_task(names.query<dns::a>("x.example"));
  auto second = create_task(names.query<dns::a>("x.example"));
  while (names.statistics().under_way == 0) co_await hocket::sleep(0s);
  co_await hocket::sleep(0s);
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ((co_await second).size(), 1U);
}

HOCKET_TEST(dns_resolver, does_not_ask_what_nobody_in_line_wants_to_know_any_more) {
  auto silent = std::make_shared<bool>(true);
  name_server server([silent](const question& asked) -> std::vector<std::string> {
    if (asked.name == "slow.example" && *silent) return {};
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60)}})};
  });
  auto options = server.options();
  options.limit = 1;
  options.timeout = 100ms;
  dns_resolver names(options);
  auto slow = create_task(names.query<dns::a>("slow.example"));
  while (server.asked().empty()) co_await hocket::sleep(0s);
  auto waiting = create_task(names.query<dns::a>("waiting.example"));
  auto last = create_task(names.query<dns::a>("last.example"));
  while (names.statistics().waiting < 2) co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  *silent = false;
  static_cast<void>(co_await slow);
  static_cast<void>(co_await last);
  for (const auto& each : server.asked()) EXPECT_NE(each.name, "waiting.example");
}

HOCKET_TEST(dns_resolver, asks_on_although_a_silent_server_has_all_the_questions_that_nobody_wants_answered_any_more) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    if (asked.name.ends_with("silent.example")) return {};
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60)}})};
  });
  auto options = server.options();
  options.limit = 3;
  dns_resolver names(options);
  std::vector<hocket::task<std::vector<dns::a>>> calls;
  for (int n = 0; n < 3; ++n) calls.push_back(create_task(names.query<dns::a>(std::to_string(n) + ".silent.example")));
  while (server.asked().size() < 3) co_await hocket::sleep(0s);
  for (auto& each : calls) each.cancel();
  for (auto& each : calls) EXPECT_TRUE(co_await ends_cancelled(each));
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  EXPECT_EQ(server.asked().size(), 4U);  // and none of them twice
}

// ---- hosts

HOCKET_TEST(dns_resolver, resolves_to_addresses_of_both_families) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    return {
        reply_to(asked, {.answers = {asked.type == type_a ? v4_record(asked.name, 60) : v6_record(asked.name, 60)}})};
  });
  dns_resolver names(server.options());
  const auto both = co_await names.resolve("x.example", 80);
  EXPECT_EQ(both.size(), 2U);
  for (const auto& each : both) EXPECT_EQ(each.port(), 80);
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80, AF_INET)), "192.0.2.1 ");
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80, AF_INET6)), "2001:db8:101:101:101:101:101:101 ");
  EXPECT_EQ(server.asked().size(), 2U);
}

HOCKET_TEST(dns_resolver, resolves_if_one_family_fails) {
  name_server server([](const question& asked) -> std::vector<std::string> {
    if (asked.type == type_aaaa) return {reply_to(asked, {.code = servfail})};
    return {reply_to(asked, {.answers = {v4_record(asked.name, 60)}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80)), "192.0.2.1 ");
}

HOCKET_TEST(dns_resolver, follows_aliases) {
  name_server server(
      says(type_a, "www.example",
           {resource("www.example", type_cname, 60, wire_name("web.example")), v4_record("web.example", 60)}));
  dns_resolver names(server.options());
  EXPECT_EQ(hosts_of(co_await names.resolve("www.example", 80, AF_INET)), "192.0.2.1 ");
}

HOCKET_TEST(dns_resolver, asks_nobody_for_numbers_and_for_this_machine) {
  name_server server(silence);
  dns_resolver names(server.options());
  EXPECT_EQ(hosts_of(co_await names.resolve("192.0.2.9", 80)), "192.0.2.9 ");
  EXPECT_EQ((co_await dns_failure_of(names.resolve("192.0.2.9", 80, AF_INET6)))->code(), dns_errc::no_data);
  EXPECT_EQ(hosts_of(co_await names.resolve("localhost", 80, AF_INET)), "127.0.0.1 ");
  EXPECT_EQ(hosts_of(co_await names.resolve("a.LOCALHOST.", 80, AF_INET6)), "::1 ");
  EXPECT_TRUE(server.asked().empty());
}

HOCKET_TEST(dns_resolver, looks_along_the_search_list) {
  name_server server(says_v4("host.b.example"));
  auto options = server.options();
  options.search = std::vector<std::string>{"a.example", "b.example"};
  dns_resolver names(options);
  EXPECT_EQ(hosts_of(co_await names.resolve("host", 80, AF_INET)), "192.0.2.1 ");
  EXPECT_EQ(server.asked().size(), 2U);
  EXPECT_EQ(server.asked().front().name, "host.a.example");
}

HOCKET_TEST(dns_resolver, tries_a_name_with_enough_dots_as_it_is_first) {
  name_server server(says_v4("host.sub"));
  auto options = server.options();
  options.search = std::vector<std::string>{"a.example"};
  dns_resolver names(options);
  static_cast<void>(co_await names.resolve("host.sub", 80, AF_INET));
  EXPECT_EQ(server.asked().size(), 1U);
  EXPECT_EQ((co_await dns_failure_of(names.resolve("host.", 80, AF_INET)))->code(), dns_errc::no_such_name);
  EXPECT_EQ(server.asked().size(), 2U);  // a dot at the end: that and nothing else
  EXPECT_EQ(server.asked().back().name, "host");
}

HOCKET_TEST(dns_resolver, looks_into_the_hosts_file_first_and_again_when_it_has_changed) {
  temporary_directory folder;
  write_file(folder / "hosts", "# ours\n192.0.2.7\tX.example  www.x.example # both\nno address\n192.0.2.8 x.example\n");
  name_server server(says_v4("x.example"));
  auto options = server.options();
  options.hosts_file = folder / "hosts";
  dns_resolver names(options);
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80)), "192.0.2.7 192.0.2.8 ");
  EXPECT_EQ(hosts_of(co_await names.resolve("WWW.x.example", 80)), "192.0.2.7 ");
  EXPECT_TRUE(server.asked().empty());
  write_file(folder / "hosts", "192.0.2.9 y.example\n");
  co_await hocket::sleep(6s);
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80, AF_INET)), "192.0.2.1 ");
  EXPECT_EQ(hosts_of(co_await names.resolve("y.example", 80, AF_INET)), "192.0.2.9 ");
}

HOCKET_TEST(dns_resolver, finds_the_host_for_connect_tcp) {
  name_server server(says(type_a, "here.example", {resource("here.example", type_a, 60, {127, 0, 0, 1})}));
  auto listener = hocket::tcp_listener::listen(*socket_address::parse("127.0.0.1", 0));
  const auto names = std::make_shared<dns_resolver>(server.options());
  const auto socket =
      co_await hocket::connect_tcp("here.example", listener.local_address().port(), {.resolver = names});
  EXPECT_EQ(socket.peer_address(), listener.local_address());
}

HOCKET_TEST(dns_resolver, reads_the_systems_configuration) {
  dns_resolver names;
  EXPECT_FALSE(names.servers().empty());
  co_return;
}

namespace {

bool has_ipv6() {
  try {
    static_cast<void>(hocket::udp_socket::bind(*socket_address::parse("::1", 0)));
    return true;
  } catch (const std::system_error&) {
    std::fputs("SKIPPED: this machine has no IPv6\n", stderr);
    return false;
  }
}

}  // namespace

HOCKET_TEST(dns_resolver, asks_a_server_over_ipv6) {
  if (!has_ipv6()) co_return;
  name_server server(says_v4("x.example"), "::1");
  dns_resolver names(server.options());
  EXPECT_EQ((co_await names.query<dns::a>("x.example")).size(), 1U);
  const auto problem = co_await dns_failure_of(names.query<dns::a>("y.example"));
  EXPECT_NE(std::string(problem->what()).find("(asked [::1]:"), std::string::npos) << problem->what();
}

HOCKET_TEST(dns_resolver, gives_ipv6_first_where_there_is_a_way) {
  if (!has_ipv6()) co_return;
  name_server server([](const question& asked) -> std::vector<std::string> {
    const std::string here = asked.type == type_a ? std::string("\x7f\0\0\1", 4) : std::string(15, '\0') + '\1';
    return {reply_to(asked, {.answers = {resource(asked.name, asked.type, 60, here)}})};
  });
  dns_resolver names(server.options());
  EXPECT_EQ(hosts_of(co_await names.resolve("x.example", 80)), "::1 127.0.0.1 ");
}

// ---- everywhere

namespace {

coro<void> look_up_by_udp_and_tcp() {
  name_server server([](const question& asked) -> std::vector<std::string> {
    if (!asked.by_tcp) return {reply_to(asked, {.truncated = true})};
    return {reply_to(asked, {.answers = {v4_record("x.example", 60)}})};
  });
  dns_resolver names(server.options());
  static_cast<void>(co_await names.resolve("x.example", 80, AF_INET));
}

}  // namespace

TEST(dns_resolver, cancelled_anywhere_it_leaves_nothing_behind) {
  const auto report = hocket::testing::cancel_at_every_suspension(look_up_by_udp_and_tcp);
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_GT(report.cancelled, 1U);
}

TEST(dns_resolver, fails_in_one_line_whichever_operation_fails) {
  const auto report = hocket::testing::fail_each_operation([]() -> coro<void> {
    name_server server([](const question& asked) -> std::vector<std::string> {
      return {
          reply_to(asked, {.answers = {asked.type == type_a ? v4_record(asked.name, 60) : v6_record(asked.name, 60)}})};
    });
    auto options = impatient(server.options());
    options.hosts_file = "/etc/hosts";
    dns_resolver names(options);
    static_cast<void>(co_await names.resolve("x.example", 80));
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_GT(report.runs, 1U);
}

TEST(dns_resolver, fails_in_one_piece_whichever_allocation_fails) {
  const auto report = hocket::testing::fail_each_allocation([]() -> coro<void> {
    dns_resolver names({.servers = {*socket_address::parse("127.0.0.1", 9)}, .hosts_file = ""});
    try {
      static_cast<void>(co_await names.query<dns::a>("x.example"));
    } catch (const hocket::dns_error&) {  // nobody is there
    }
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_GT(report.failed, 0U);
}
