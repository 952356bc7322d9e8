// What a session does besides asking: addresses, time-outs, unix sockets, codings, cookies, files, hooks and middlewares.
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <sys/stat.h>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/download.hpp>
#include <hocket/http/coding/content_encoder.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/ends_cancelled.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::socket_address;
using hocket::tcp_socket;
using hocket::http::request_message;
using hocket::http::request_sender;
using hocket::http::response;
using hocket::http::session;
using hocket::http::session_options;
using hocket::http::traced_request;
using hocket::testing::answering_messages;
using hocket::testing::answering_once_with;
using hocket::testing::ask;
using hocket::testing::ends_cancelled;
using hocket::testing::failure_of;
using hocket::testing::read_request;
using hocket::testing::redirect_to;
using hocket::testing::request_reader;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// Names of a table; counts how often it is asked.
class table_resolver final : public hocket::resolver {
 public:
  explicit table_resolver(std::map<std::string, std::string> names) : names_(std::move(names)) {}

  coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    ++asked;
    const auto found = names_.find(host);
    if (found == names_.end()) throw std::system_error(std::make_error_code(std::errc::host_unreachable), host);
    co_return std::vector{*socket_address::parse(found->second, port)};
  }

  void know(std::string name, std::string address) { names_.emplace(std::move(name), std::move(address)); }

  int asked = 0;

 private:
  std::map<std::string, std::string> names_;
};

// ---- private addresses

HOCKET_TEST(private_addresses, are_refused_however_they_are_spelled) {
  session web({.block_private_addresses = true});
  for (const char* host : {"169.254.169.254",
                           "2852039166",
                           "0xa9fea9fe",
                           "0251.0376.0251.0376",
                           "0xa9.254.0xa9fe",
                           "169.254.43518",
                           "169.254.169.254.",
                           "%31%36%39.254.169.254",
                           "[::ffff:169.254.169.254]",
                           "[::ffff:a9fe:a9fe]",
                           "[64:ff9b::169.254.169.254]",
                           "[64:ff9b:1::169.254.169.254]",
                           "[2002:a9fe:a9fe::1]",
                           "[2001:0:a9fe:a9fe:0:0:5601:5601]",
                           "[::169.254.169.254]",
                           "127.0.0.1",
                           "127.1",
                           "0",
                           "0.0.0.0",
                           "10.0.0.1",
                           "172.16.0.1",
                           "192.168.0.1",
                           "100.64.0.1",
                           "192.0.0.1",
                           "192.0.2.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "[::1]",
                           "[::]",
                           "[fe80::1]",
                           "[fec0::1]",
                           "[fc00::1]",
                           "[fd12:3456::1]",
                           "[ff02::1]",
                           "[2001:db8::1]",
                           "[100::1]",
                           "[5f00::1]"}) {
    const std::string failure = co_await failure_of(ask(web, "GET", fmt::format("http://{}:1/", host)));
    EXPECT_TRUE(failure.starts_with("http::address_refused: ")) << host << ": " << failure;
  }
}

HOCKET_TEST(private_addresses, are_refused_behind_names) {
  const auto names = std::make_shared<table_resolver>(std::map<std::string, std::string>{
      {"metadata.example", "169.254.169.254"}, {"rebound.example", "127.0.0.1"}, {"six.example", "fd00::1"}});
  session web({.resolver = names, .block_private_addresses = true});
  for (const char* host : {"metadata.example", "rebound.example", "six.example"})
    EXPECT_TRUE((co_await failure_of(ask(web, "GET", fmt::format("http://{}:1/", host))))
                    .starts_with("http::address_refused: "))
        << host;
}

HOCKET_TEST(private_addresses, are_refused_on_each_hop) {
  scripted_server inside(answering_messages([](const seen_request&) { return response_text(200, "secret"); }));
  const auto names = std::make_shared<table_resolver>(
      std::map<std::string, std::string>{{"inside.example", "127.0.0.1"}, {"metadata.example", "169.254.169.254"}});
  for (const std::string location : {"http://169.254.169.254/latest/meta-data/", "http://metadata.example/",
                                     "http://2852039166/", "//0xa9fea9fe/", "http://[::ffff:169.254.169.254]/"}) {
    scripted_server outside(answering_messages([&](const seen_request&) { return redirect_to(location); }));
    session_options guarded{.resolver = names};
    guarded.allow_address = [port = outside.port()](const hocket::url& target, const socket_address& address) {
      return target.port_or_default() == port || address.is_global();
    };
    session web(std::move(guarded));
    const std::string failure = co_await failure_of(ask(web, "GET", outside.url()));
    EXPECT_TRUE(failure.starts_with("http::address_refused: ")) << location << ": " << failure;
  }
  EXPECT_EQ(inside.connections(), 0U);
}

HOCKET_TEST(private_addresses, are_asked_about_with_ones_own_rules_as_well) {
  session web({.block_private_addresses = true,
               .allow_address = [](const hocket::url&, const socket_address&) { return true; }});
  EXPECT_TRUE((co_await failure_of(ask(web, "GET", "http://127.0.0.1:1/"))).starts_with("http::address_refused: "));
}

HOCKET_TEST(private_addresses, in_numbers_are_refused_through_a_proxy_too_and_names_are_its_business) {
  scripted_server via(answering_messages([](const seen_request&) { return response_text(200, "through"); }));
  session web({.proxies = hocket::http::proxy::parse(fmt::format("127.0.0.1:{}", via.port())),
               .block_private_addresses = true});
  EXPECT_EQ(co_await ask(web, "GET", "http://name.invalid/"), "through");
  EXPECT_TRUE((co_await failure_of(ask(web, "GET", "http://10.0.0.1/"))).starts_with("http::address_refused: "));
}

// ---- time-outs, names, unix sockets

HOCKET_TEST(session_timeouts, connect_covers_waiting_for_a_connection) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(24h);
  });
  session web({.limit_per_host = 1, .timeouts = {.connect = 5s}});
  auto first = create_task(ask(web, "GET", server.url()));
  co_await wait_all_tasks_blocked();
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "timeout_error: no connection in time");
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
}

HOCKET_TEST(session_names, are_looked_up_once_while_they_are_remembered) {
  scripted_server server(
      answering_messages([](const seen_request&) { return response_text(200, "x", "Connection: close\r\n"); }));
  const auto names = std::make_shared<table_resolver>(std::map<std::string, std::string>{{"a.example", "127.0.0.1"}});
  session web({.dns_cache = 10s, .resolver = names});
  for (int n = 0; n < 3; ++n) co_await ask(web, "GET", server.url_at("a.example"));
  EXPECT_EQ(names->asked, 1);
  co_await hocket::sleep(11s);
  co_await ask(web, "GET", server.url_at("a.example"));
  EXPECT_EQ(names->asked, 2);
}

/// Takes a second for each, and notes what it is asked.
struct slow_resolver final : hocket::resolver {
  std::vector<std::string> asked{};
  int cancelled = 0;

  coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    asked.push_back(host);
    try {
      co_await hocket::sleep(1s);
    } catch (const hocket::cancelled&) {
      ++cancelled;
      throw;
    }
    if (host.starts_with("no")) throw std::system_error(std::make_error_code(std::errc::host_unreachable), host);
    co_return std::vector{*socket_address::parse("127.0.0.1", port)};
  }
};

HOCKET_TEST(session_names, are_looked_up_once_for_all_who_ask_meanwhile) {
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
  const auto names = std::make_shared<slow_resolver>();
  std::vector<std::string> notes;
  auto hooks = std::make_shared<hocket::http::tracing>();
  hooks->dns_resolve_start = [&](const traced_request&, const auto&...) { notes.emplace_back("resolve"); };
  hooks->dns_cache_hit = [&](const traced_request&, const auto&...) { notes.emplace_back("known"); };
  session web({.resolver = names, .tracing = hooks});
  std::vector<hocket::task<std::string>> all;
  for (int n = 0; n < 4; ++n) all.push_back(create_task(ask(web, "GET", server.url_at("a.example"))));
  co_await wait_all_tasks_blocked();
  all.front().cancel();
  EXPECT_TRUE(co_await ends_cancelled(all.front()));
  for (int n = 1; n < 4; ++n) EXPECT_EQ(co_await all.at(static_cast<std::size_t>(n)), "x");
  EXPECT_EQ(names->asked, std::vector<std::string>{"a.example"});
  EXPECT_EQ(names->cancelled, 0);
  EXPECT_EQ(notes, (std::vector<std::string>{"resolve", "known", "known", "known"}));
}

HOCKET_TEST(session_names, are_asked_for_no_longer_when_the_last_who_waits_is_cancelled) {
  const auto names = std::make_shared<slow_resolver>();
  session web({.resolver = names});
  auto first = create_task(ask(web, "GET", "http://a.example/"));
  auto second = create_task(ask(web, "GET", "http://a.example/"));
  co_await wait_all_tasks_blocked();
  for (auto& each : {first, second}) each.cancel();
  for (auto& each : {first, second}) EXPECT_TRUE(co_await ends_cancelled(each));
  EXPECT_EQ(names->cancelled, 1);
}

HOCKET_TEST(session_names, that_failed_are_looked_up_again) {
  const auto names = std::make_shared<slow_resolver>();
  session web({.resolver = names});
  for (int n = 0; n < 2; ++n)
    EXPECT_TRUE((co_await failure_of(ask(web, "GET", "http://no.example/"))).contains("no.example"));
  EXPECT_EQ(names->asked.size(), 2U);
}

HOCKET_TEST(session_names, of_too_many_the_one_unused_for_longest_is_forgotten) {
  const auto names = std::make_shared<table_resolver>(std::map<std::string, std::string>{});
  for (int n = 0; n <= 10'000; ++n) names->know(fmt::format("{}.example", n), "127.0.0.1");
  session web({.dns_cache = 1h, .resolver = names, .allow_address = [](const auto&, const auto&) { return false; }});
  const auto look_up = [&](int n) -> coro<int> {
    const int before = names->asked;
    static_cast<void>(co_await failure_of(ask(web, "GET", fmt::format("http://{}.example/", n))));
    co_return names->asked - before;
  };
  for (int n = 0; n < 10'000; ++n) co_await look_up(n);
  EXPECT_EQ(co_await look_up(0), 0);
  EXPECT_EQ(co_await look_up(10'000), 1);
  EXPECT_EQ(co_await look_up(0), 0);
  EXPECT_EQ(co_await look_up(1), 1);
  EXPECT_EQ(co_await look_up(9'999), 0);
}

HOCKET_TEST(session_unix_socket, takes_all_requests) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "socket";
  auto listener = hocket::unix_listener::listen(socket_address::unix_path(path));
  std::string seen;
  auto serving = create_task([](auto& from, std::string& request) -> coro<void> {
    hocket::unix_socket peer = co_await from.accept();
    for (;;) {
      const std::string next = co_await read_request(peer);
      if (next.empty()) co_return;
      request = next;
      co_await peer.send_all(response_text(200, "local"));
    }
  }(listener, seen));
  {
    session web({.proxies = hocket::http::proxy::parse("127.0.0.1:1"), .unix_socket = path});
    EXPECT_EQ(co_await ask(web, "GET", "http://docker/v1/info"), "local");
    EXPECT_EQ(co_await ask(web, "GET", "http://docker/v1/other"), "local");
  }
  EXPECT_TRUE(seen.starts_with("GET /v1/other HTTP/1.1\r\nHost: docker\r\n")) << seen;
  co_await serving;
  listener.close();
  co_await folder.remove();
}

// ---- content codings

std::string packed(hocket::http::content_coding coding, std::string_view text) {
  hocket::http::content_encoder encoder(coding);
  std::string made;
  std::string room(64 * 1024, '\0');
  for (bool done = false; !done;) {
    const auto step = encoder.encode(text, room, hocket::http::encoding_end::content);
    text.remove_prefix(step.consumed);
    made.append(room, 0, step.produced);
    done = step.done;
  }
  return made;
}

HOCKET_TEST(session_decoding, asks_for_codings_and_undoes_them) {
  using hocket::http::content_coding;
  const std::string text(100'000, 'a');
  for (const auto coding : {content_coding::gzip, content_coding::br, content_coding::zstd}) {
    std::string asked;
    scripted_server server(answering_messages([&](const seen_request& seen) {
      asked = seen.fields.get("Accept-Encoding").value_or("");
      return response_text(200, packed(coding, text),
                           fmt::format("Content-Encoding: {}\r\n", hocket::http::to_string(coding)));
    }));
    session web({.decode_limits = {.ratio = 100'000}});
    response answer = co_await web.get(server.url());
    EXPECT_EQ(answer.content_length(), std::nullopt);
    EXPECT_TRUE(co_await answer.text() == text) << hocket::http::to_string(coding);
    EXPECT_EQ(asked, "gzip, deflate, br, zstd");
    EXPECT_EQ(co_await ask(web, "GET", server.url()), text);
    EXPECT_EQ(server.connections(), 1U);
  }
}

HOCKET_TEST(session_decoding, leaves_alone_what_it_does_not_know_or_was_told_to) {
  std::string coding = "lzw";
  scripted_server server(answering_messages([&](const seen_request&) {
    return response_text(200, "as it is", fmt::format("Content-Encoding: {}\r\n", coding));
  }));
  session web;
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "as it is");
  coding = "identity";
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "as it is");
  coding = "gzip";
  session plain({.decode = false});
  EXPECT_EQ(co_await ask(plain, "GET", server.url()), "as it is");
}

HOCKET_TEST(session_decoding, does_not_touch_a_part) {
  std::string asked;
  scripted_server server(answering_messages([&](const seen_request& seen) {
    asked = seen.fields.get("Accept-Encoding").value_or("");
    return response_text(206, "part", "Content-Encoding: gzip\r\n");
  }));
  session web;
  EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = {{"Range", "bytes=0-3"}}}), "part");
  EXPECT_EQ(asked, "identity");
}

HOCKET_TEST(session_decoding, of_a_bomb_ends_early) {
  const std::string bomb = packed(hocket::http::content_coding::gzip, std::string(20'000'000, '\0'));
  scripted_server server(
      answering_messages([&](const seen_request&) { return response_text(200, bomb, "Content-Encoding: gzip\r\n"); }));
  session web;
  const std::string failure = co_await failure_of(ask(web, "GET", server.url()));
  EXPECT_TRUE(failure.starts_with("http::content_bomb_error: ")) << failure;
}

HOCKET_TEST(session_decoding, of_nonsense_is_an_error_and_closes_the_connection) {
  std::string fields = "Content-Encoding: gzip\r\n";
  std::string body = "this is not gzip";
  scripted_server server(answering_messages([&](const seen_request&) { return response_text(200, body, fields); }));
  session web;
  EXPECT_TRUE((co_await failure_of(ask(web, "GET", server.url()))).starts_with("http::content_decoding_error: "));
  body = packed(hocket::http::content_coding::gzip, "cut off");
  body.resize(body.size() - 3);
  EXPECT_TRUE((co_await failure_of(ask(web, "GET", server.url()))).starts_with("http::content_decoding_error: "));
  fields = "Content-Encoding: gzip, gzip\r\nContent-Encoding: gzip\r\n";
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())),
            "http::content_decoding_error: too many content codings");
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U);
}

// ---- cookies

HOCKET_TEST(session_cookies, are_kept_and_given_also_by_redirects_and_to_other_sessions) {
  std::vector<std::string> seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen.emplace_back(asked.fields.get("Cookie").value_or("none"));
    if (asked.target != "/login") return response_text(200, "");
    return response_text(303, "", "Location: /home\r\nSet-Cookie: id=1; Path=/\r\nSet-Cookie: theme=dark\r\n");
  }));
  const auto jar = std::make_shared<hocket::http::cookie_jar>();
  {
    session web({.cookies = jar, .wall_clock = hocket::system_wall_clock});
    co_await ask(web, "POST", server.url("/login"));
    co_await ask(web, "GET", server.url("/home"), {.fields = {{"Cookie", "own=1"}}});
  }
  session other({.cookies = jar, .wall_clock = hocket::system_wall_clock});
  co_await ask(other, "GET", server.url());
  session without;
  co_await ask(without, "GET", server.url());
  EXPECT_EQ(seen, (std::vector<std::string>{"none", "id=1; theme=dark", "own=1", "id=1; theme=dark", "none"}));
}

HOCKET_TEST(session_cookies, expire_by_the_clock_that_is_given) {
  static std::chrono::sys_seconds now{};
  now = std::chrono::sys_seconds(1'000'000s);
  scripted_server server(answering_messages([](const seen_request& asked) {
    return response_text(200, asked.fields.get("Cookie").value_or("none"), "Set-Cookie: a=b; Max-Age=60\r\n");
  }));
  session web({.cookies = std::make_shared<hocket::http::cookie_jar>(), .wall_clock = +[] { return now; }});
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "none");
  now += 59s;
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "a=b");
  now += 61s;
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "none");
}

TEST(session_cookies, need_a_clock) {
  try {
    session web({.cookies = std::make_shared<hocket::http::cookie_jar>()});
    FAIL();
  } catch (const hocket::http::client_error& problem) {
    EXPECT_STREQ(problem.what(),
                 "cookies need the time of day: set wall_clock, to hocket::system_wall_clock for instance");
  }
}

// ---- saving

HOCKET_TEST(session_saving, replaces_a_file_in_one_step) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "saved";
  co_await hocket::write_file(path, "old");
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nnew");
    co_await hocket::sleep(1s);
    if (nth > 0) co_await peer.send_all("est");
  });
  session web;
  {
    response answer = co_await web.get(server.url());
    const auto cut_off = co_await hocket::as_result(answer.save_to(path));
    EXPECT_FALSE(cut_off);
  }
  EXPECT_EQ(co_await hocket::read_file(path), "old");
  std::uint64_t told = 0;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.save_to(path, {.on_progress = [&](std::uint64_t bytes) { told = bytes; }}), 6U);
  EXPECT_EQ(told, 6U);
  EXPECT_EQ(co_await hocket::read_file(path), "newest");
  EXPECT_EQ((co_await hocket::list_directory(folder.path())).size(), 1U) << "nothing else is left";
  co_await folder.remove();
}

HOCKET_TEST(session_saving, makes_a_new_file_for_whom_the_umask_lets) {
  auto folder = co_await hocket::temporary_directory::make();
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "new"); }));
  session web;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  for (const bool resumes : {false, true}) {
    const std::string path = folder / fmt::format("saved{}", resumes);
    response answer = co_await web.get(server.url());
    co_await answer.save_to(path, {.resume = resumes});
    EXPECT_EQ((co_await hocket::stat(path)).permissions(), 0666U & ~mask);
  }
  co_await folder.remove();
}

HOCKET_TEST(session_saving, keeps_the_permissions_of_the_old_file) {
  auto folder = co_await hocket::temporary_directory::make();
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "new"); }));
  session web;
  const std::string saved = folder / "saved";
  const std::string loaded = folder / "loaded";
  for (const unsigned permissions : {0600U, 0751U, 04755U}) {
    for (const std::string& path : {saved, loaded}) {
      co_await hocket::write_file(path, "old");
      EXPECT_EQ(::chmod(path.c_str(), permissions), 0);
    }
    response answer = co_await web.get(server.url());
    co_await answer.save_to(saved);
    co_await hocket::http::download(web, *hocket::url::parse(server.url()), loaded);
    for (const std::string& path : {saved, loaded}) {
      EXPECT_EQ(co_await hocket::read_file(path), "new");
      EXPECT_EQ((co_await hocket::stat(path)).permissions(), permissions & 0777) << "no set-user-ID";
    }
  }
  co_await folder.remove();
}

HOCKET_TEST(session_saving, writes_to_what_a_symbolic_link_leads_to) {
  auto folder = co_await hocket::temporary_directory::make();
  co_await hocket::makedirs(folder / "far/away");
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "new"); }));
  session web;
  for (const bool is_there : {true, false}) {
    for (const bool downloads : {false, true}) {
      const std::string name = fmt::format("{}{}", is_there, downloads);
      const std::string target = folder / fmt::format("far/away/{}", name);
      if (is_there) co_await hocket::write_file(target, "old");
      co_await hocket::symlink(target, folder / fmt::format("far/{}", name));
      co_await hocket::symlink(fmt::format("far/{}", name), folder / name);
      if (downloads) {
        co_await hocket::http::download(web, *hocket::url::parse(server.url()), folder / name);
      } else {
        response answer = co_await web.get(server.url());
        co_await answer.save_to(folder / name);
      }
      EXPECT_EQ(co_await hocket::read_file(target), "new");
      EXPECT_EQ(co_await hocket::read_link(folder / name), fmt::format("far/{}", name));
    }
  }
  EXPECT_EQ((co_await hocket::list_directory(folder / "far/away")).size(), 4U) << "nothing else is left";
  co_await folder.remove();
}

HOCKET_TEST(session_saving, tells_of_symbolic_links_that_lead_to_themselves) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "round";
  co_await hocket::symlink("round", path);
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "new"); }));
  session web;
  const auto save = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_await answer.save_to(path);
    co_return "";
  };
  EXPECT_EQ(co_await failure_of(save()),
            fmt::format("std::system_error: cannot write '{}': Too many levels of symbolic links", path));
  co_await folder.remove();
}

HOCKET_TEST(session_saving, keeps_what_has_come_to_be_gone_on_with) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "saved";
  const std::string empty = folder / "empty";
  const std::string coded = folder / "coded";
  const std::string old = folder / "old";
  co_await hocket::write_file(empty, "");
  co_await hocket::write_file(old, "old");
  std::string fields;
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: 10\r\n\r\n0123", fields));
  });
  session web({.decode = false});
  const auto save = [&](std::string to) -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_await answer.save_to(std::move(to), {.resume = true});
    co_return "";
  };
  for (const std::string& to : {path, empty}) {
    EXPECT_TRUE((co_await failure_of(save(to))).starts_with("http::server_disconnected"));
    EXPECT_EQ(co_await hocket::read_file(to), "0123");
  }
  EXPECT_TRUE((co_await failure_of(save(old))).starts_with("http::server_disconnected"));
  EXPECT_EQ(co_await hocket::read_file(old), "old") << "of a server that sent the whole instead of the rest";
  fields = "Content-Encoding: gzip\r\n";
  EXPECT_TRUE((co_await failure_of(save(coded))).starts_with("http::server_disconnected"));
  EXPECT_FALSE(co_await hocket::exists(coded)) << "nothing could go on there";
  co_await folder.remove();
}

HOCKET_TEST(session_saving, does_not_join_a_part_that_is_coded) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "saved";
  co_await hocket::write_file(path, "0123");
  std::string coding = "gzip";
  scripted_server server(answering_messages([&](const seen_request&) {
    return response_text(206, "456789", fmt::format("Content-Encoding: {}\r\nContent-Range: bytes 4-9/10\r\n", coding));
  }));
  session web({.decode = false});
  const auto save = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url(), {.fields = {{"Range", "bytes=4-"}}});
    co_await answer.save_to(path, {.resume = true});
    co_return co_await hocket::read_file(path);
  };
  EXPECT_EQ(co_await failure_of(save()),
            "http::client_error: the server sends a part of a compressed content, which cannot be joined");
  EXPECT_EQ(co_await hocket::read_file(path), "0123");
  coding = "Identity";
  EXPECT_EQ(co_await save(), "0123456789");
  co_await folder.remove();
}

HOCKET_TEST(session_saving, goes_on_where_a_file_ends) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "saved";
  co_await hocket::write_file(path, "0123");
  std::string range = "bytes 4-9/10";
  int status = 206;
  scripted_server server(answering_messages([&](const seen_request&) {
    return response_text(status, "456789", fmt::format("Content-Range: {}\r\n", range));
  }));
  session web;
  const auto save = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url(), {.fields = {{"Range", "bytes=4-"}}});
    co_await answer.save_to(path, {.resume = true});
    co_return co_await hocket::read_file(path);
  };
  EXPECT_EQ(co_await save(), "0123456789");
  EXPECT_EQ(co_await failure_of(save()),
            "http::client_error: the server sends what comes after 4 bytes, and the file has 10");
  for (const char* nonsense : {"", "bytes */10", "items 4-9/10", "bytes x-9/10", "bytes 4"}) {
    range = nonsense;
    EXPECT_EQ(co_await failure_of(save()),
              "http::client_error: the server does not say which part of the content it sends")
        << nonsense;
  }
  range = "bytes 10-15/20";
  EXPECT_EQ(co_await failure_of(save()),
            "http::client_error: the server sent no more than 16 of 20 bytes: ask for the rest");
  EXPECT_EQ(co_await hocket::read_file(path), "0123456789456789") << "what has come stays";
  status = 200;
  EXPECT_EQ(co_await save(), "456789") << "the whole takes the place of the part";
  co_await folder.remove();
}

HOCKET_TEST(session_saving, writes_to_what_is_no_file_and_leaves_it_there) {
  auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder / "nowhere";
  co_await hocket::symlink("/dev/null", path);
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "gone"); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.save_to(path), 4U);
  EXPECT_EQ(co_await hocket::read_link(path), "/dev/null");
  co_await folder.remove();
}

TEST(session_saving, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          auto folder = co_await hocket::temporary_directory::make();
          scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
          session web;
          response answer = co_await web.get(server.url());
          co_await answer.save_to(folder / "saved");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 5U);
  }
}

TEST(session_saving, of_the_rest_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          auto folder = co_await hocket::temporary_directory::make();
          co_await hocket::write_file(folder / "saved", "0123");
          scripted_server server(answering_messages(
              [](const seen_request&) { return response_text(206, "456789", "Content-Range: bytes 4-9/10\r\n"); }));
          session web;
          response answer = co_await web.get(server.url(), {.fields = {{"Range", "bytes=4-"}}});
          co_await answer.save_to(folder / "saved", {.resume = true});
          EXPECT_EQ(co_await hocket::read_file(folder / "saved"), "0123456789");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
  }
}

TEST(session_saving, to_be_gone_on_with_cancelled_anywhere_leaves_a_beginning) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          auto folder = co_await hocket::temporary_directory::make();
          scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "0123"); }));
          session web;
          response answer = co_await web.get(server.url());
          const std::string path = folder / "saved";
          const auto saved = co_await hocket::as_result(answer.save_to(path, {.resume = true}));
          std::ifstream file(path);
          const std::string kept(std::istreambuf_iterator<char>(file), {});
          EXPECT_TRUE(std::string_view("0123").starts_with(kept)) << kept;
          if (saved) EXPECT_EQ(kept, "0123");
          if (!saved) std::rethrow_exception(saved.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 5U);
  }
}

HOCKET_TEST(session_response, tells_the_version_and_the_words_of_the_server) {
  for (const char* line : {"HTTP/1.1 200 Fine", "HTTP/1.0 404 No such thing", "HTTP/1.1 200"}) {
    scripted_server server(answering_once_with(fmt::format("{}\r\nContent-Length: 0\r\n\r\n", line)));
    session web;
    const response answer = co_await web.get(server.url());
    std::string told = fmt::format("{} {}", answer.version(), answer.status());
    if (!answer.reason().empty()) told += " " + answer.reason();
    EXPECT_EQ(told, line);
  }
}

HOCKET_TEST(session_saving, names_the_file_that_it_cannot_write) {
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "new"); }));
  session web;
  const auto save = [&]() -> coro<std::string> {
    response answer = co_await web.get(server.url());
    co_await answer.save_to("/nowhere/saved");
    co_return "";
  };
  EXPECT_EQ(co_await failure_of(save()), "std::system_error: cannot write '/nowhere/saved': No such file or directory");
}

HOCKET_TEST(session_response, tells_the_charset_as_it_is_written) {
  scripted_server server(answering_messages(
      [](const seen_request&) { return response_text(200, "x", "Content-Type: text/html; charset=\"UTF-8\"\r\n"); }));
  session web;
  response answer = co_await web.get(server.url());
  EXPECT_EQ(answer.charset(), "UTF-8");
}

HOCKET_TEST(session_options, that_cannot_be_for_all_requests_are_refused) {
  for (const char* name : {"Content-Length", "host", "Transfer-Encoding"})
    EXPECT_THROW(session({.default_headers = {{name, "5"}}}), hocket::http::client_error) << name;
  co_return;
}

HOCKET_TEST(session_requests, that_say_close_leave_no_connection) {
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
  {
    session web;
    for (int n = 0; n < 2; ++n)
      EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = {{"Connection", "x, Close"}}}), "x");
    EXPECT_EQ(server.connections(), 2U);
  }
  session web({.default_headers = {{"Connection", "close"}}});
  for (int n = 0; n < 2; ++n) EXPECT_EQ(co_await ask(web, "GET", server.url()), "x");
  EXPECT_EQ(server.connections(), 4U);
  for (int n = 0; n < 2; ++n)
    EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = {{"Connection", "keep-alive"}}}), "x");
  EXPECT_EQ(server.connections(), 5U);
}

HOCKET_TEST(session_requests, to_a_host_for_which_the_resolver_gives_no_address_fail) {
  struct gives_none final : hocket::resolver {
    coro<std::vector<socket_address>> resolve(std::string, std::uint16_t, int) override { co_return {}; }
  };
  session web({.resolver = std::make_shared<gives_none>()});
  for (int n = 0; n < 2; ++n)
    EXPECT_EQ(co_await failure_of(ask(web, "GET", "http://a.example/")),
              "http::client_error: the resolver knows no address of a.example");
}

HOCKET_TEST(session_requests, are_for_one_host) {
  std::string seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen = asked.fields.get("Host").value_or("");
    return response_text(200, "x");
  }));
  session web;
  for (const char* host : {"a.example", "a.example:81", "[::1]:81", "127.0.0.1"}) {
    EXPECT_EQ(co_await ask(web, "GET", server.url(), {.fields = {{"Host", host}}}), "x");
    EXPECT_EQ(seen, host);
  }
  EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = {{"Host", "a"}, {"host", "b"}}})),
            "http::client_error: more than one Host");
  for (const char* host : {"a b", "a@b", "a/b", "a,b", "a:b", "a:99999"})
    EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url(), {.fields = {{"Host", host}}})),
              fmt::format("http::client_error: Host is no host with perhaps a port: '{}'", host));
}

TEST(session_misuse, a_response_that_outlives_its_session_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> coro<void> {
    scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
    auto web = std::make_unique<session>();
    auto answer = co_await web->get(server.url());
    web.reset();
    static_cast<void>(co_await answer.text());
  };
  EXPECT_DEATH(hocket::run(misuse()), "a session was destroyed before its requests and responses");
}

HOCKET_TEST(session_requests, by_connect_are_refused) {
  session web;
  EXPECT_TRUE((co_await failure_of(ask(web, "CONNECT", "http://127.0.0.1:1/"))).starts_with("http::client_error: "));
}

// ---- hooks and middlewares

std::shared_ptr<hocket::http::tracing> noting(std::vector<std::string>& notes) {
  auto hooks = std::make_shared<hocket::http::tracing>();
  const auto note = [&notes](std::string what) {
    return [&notes, what = std::move(what)](const traced_request&, const auto&...) { notes.push_back(what); };
  };
  hooks->request_start = note("start");
  hooks->request_end = note("end");
  hooks->request_exception = note("exception");
  hooks->request_redirect = note("redirect");
  hooks->connection_queued_start = note("queued");
  hooks->connection_queued_end = note("not queued");
  hooks->connection_create_start = note("create");
  hooks->connection_create_end = note("created");
  hooks->connection_reused = note("reused");
  hooks->dns_resolve_start = note("resolve");
  hooks->dns_resolve_end = note("resolved");
  hooks->dns_cache_hit = note("known");
  hooks->socket_connected = note("connected");
  hooks->request_headers_sent = note("head sent");
  hooks->request_chunk_sent = note("chunk sent");
  hooks->response_headers_received = note("head received");
  hooks->response_chunk_received = note("chunk received");
  return hooks;
}

HOCKET_TEST(session_tracing, tells_each_step_in_its_order) {
  scripted_server server(answering_messages([](const seen_request& asked) {
    return asked.target == "/" ? redirect_to("/next", 307) : response_text(200, "x");
  }));
  const auto names = std::make_shared<table_resolver>(std::map<std::string, std::string>{{"a.example", "127.0.0.1"}});
  std::vector<std::string> notes;
  session web({.resolver = names, .tracing = noting(notes)});
  co_await ask(web, "POST", server.url_at("a.example"), {.body = "y"});
  EXPECT_EQ(notes, (std::vector<std::string>{"start", "create", "resolve", "resolved", "connected", "created",
                                             "head sent", "chunk sent", "head received", "redirect", "reused",
                                             "head sent", "chunk sent", "head received", "chunk received", "end"}));
}

HOCKET_TEST(session_tracing, tells_of_queues_and_of_failures) {
  scripted_server server(answering_once_with("nonsense\r\n\r\n"));
  std::vector<std::string> notes;
  session web({.limit_per_host = 1, .tracing = noting(notes)});
  auto first = create_task(failure_of(ask(web, "GET", server.url())));
  auto second = create_task(failure_of(ask(web, "GET", server.url())));
  static_cast<void>(co_await first);
  static_cast<void>(co_await second);
  EXPECT_EQ(std::ranges::count(notes, "queued"), 1);
  EXPECT_EQ(std::ranges::count(notes, "not queued"), 1);
  EXPECT_EQ(std::ranges::count(notes, "exception"), 2);
}

HOCKET_TEST(session_middlewares, cannot_smuggle_a_line_in_by_the_method) {
  scripted_server server(answering_messages([](const seen_request&) { return response_text(200, "x"); }));
  for (const char* method : {"GET / HTTP/1.1\r\nX:", "", "G T"}) {
    session_options options;
    options.middlewares.emplace_back([method](request_message& asked, request_sender& next) -> coro<response> {
      asked.method = method;
      co_return co_await next(asked);
    });
    session web(std::move(options));
    EXPECT_EQ(co_await failure_of(ask(web, "GET", server.url())), "http::client_error: the method is not a token");
  }
}

HOCKET_TEST(session_middlewares, stand_around_each_other_and_around_each_request) {
  std::vector<std::string> seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen.push_back(asked.target + " " + std::string(asked.fields.get("X-Trace").value_or("")));
    return asked.target == "/" ? redirect_to("/next") : response_text(200, "x");
  }));
  std::vector<std::string> notes;
  session_options options;
  for (const std::string name : {"outer", "inner"})
    options.middlewares.emplace_back([&notes, name](request_message& asked, request_sender& next) -> coro<response> {
      notes.push_back(name);
      asked.fields.set("X-Trace", name);
      response answer = co_await next(asked);
      notes.push_back(fmt::format("{} {}", name, answer.status()));
      co_return answer;
    });
  session web(std::move(options));
  EXPECT_EQ(co_await ask(web, "GET", server.url()), "x");
  EXPECT_EQ(seen, (std::vector<std::string>{"/ inner", "/next inner"}));
  EXPECT_EQ(notes, (std::vector<std::string>{"outer", "inner", "inner 302", "outer 302", "outer", "inner", "inner 200",
                                             "outer 200"}));
}

HOCKET_TEST(session_middlewares, may_ask_again) {
  int asked = 0;
  scripted_server server(
      answering_messages([&](const seen_request&) { return response_text(++asked < 3 ? 503 : 200, "x"); }));
  session_options options;
  options.middlewares.emplace_back([](request_message& message, request_sender& next) -> coro<response> {
    for (int attempt = 1;; ++attempt) {
      response answer = co_await next(message);
      if (answer.status() != 503 || attempt == 5) co_return answer;
      co_await answer.drain();
      co_await hocket::sleep(1s);
    }
  });
  session web(std::move(options));
  EXPECT_EQ((co_await web.get(server.url())).status(), 200);
  EXPECT_EQ(asked, 3);
}

}  // namespace
