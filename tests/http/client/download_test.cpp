// Downloads that go on where the connection broke.
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <http/client/client_peer.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/download.hpp>
#include <hocket/http/client/retries.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::url;
using hocket::http::download;
using hocket::http::download_options;
using hocket::http::session;
using hocket::testing::failure_of;
using hocket::testing::request_reader;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

/// A server of one content, each of whose answers breaks off after some bytes of the body.
class breaking_server {
  /// The server's tasks outlive a scenario that is cancelled.
  struct state {
    std::string content = "0123456789";
    std::string etag = "\"a\"";
    std::size_t bytes_a_time = 4;
    std::size_t most_of_a_part = 100;
    bool knows_ranges = true;
    std::vector<seen_request> seen{};

    [[nodiscard]] std::string answer_to(const seen_request& asked) const {
      const auto range = asked.fields.get("Range");
      const bool counts = knows_ranges && range && asked.fields.get("If-Range").value_or(etag) == etag;
      const std::string fields = etag.empty() ? "" : fmt::format("ETag: {}\r\n", etag);
      if (!counts) return response_text(200, content, fields);
      const auto parts = hocket::http::parse_range(*range, content.size());
      if (!parts) return response_text(416, "", fmt::format("Content-Range: bytes */{}\r\n", content.size()));
      auto part = parts->front();
      part.size = std::min<std::uint64_t>(part.size, most_of_a_part);
      return response_text(
          206, content.substr(part.first, part.size),
          fmt::format("{}Content-Range: {}\r\n", fields, hocket::http::format_content_range({part, content.size()})));
    }
  };

  static scripted_server::script play(std::shared_ptr<state> mine) {
    return [mine = std::move(mine)](tcp_socket& peer, std::size_t) -> coro<void> {
      request_reader requests(peer);
      const seen_request asked = co_await requests.whole();
      if (!asked.complete) co_return;
      mine->seen.push_back({.fields = asked.fields});
      const std::string answer = mine->answer_to(asked);
      const std::size_t head = answer.find("\r\n\r\n") + 4;
      co_await peer.send_all(answer.substr(0, head + mine->bytes_a_time));
    };
  }

  std::shared_ptr<state> state_ = std::make_shared<state>();
  scripted_server server_{play(state_)};

 public:
  std::string& content = state_->content;
  std::string& etag = state_->etag;
  std::size_t& bytes_a_time = state_->bytes_a_time;
  std::size_t& most_of_a_part = state_->most_of_a_part;
  bool& knows_ranges = state_->knows_ranges;
  std::vector<seen_request>& seen = state_->seen;

  [[nodiscard]] url target() const { return *url::parse(server_.url("/file")); }
};

struct place {
  hocket::temporary_directory folder;
  std::string path;
  static coro<place> make() {
    auto folder = co_await hocket::temporary_directory::make();
    std::string path = folder / "saved";
    co_return place{std::move(folder), std::move(path)};
  }
  coro<std::string> take() {
    std::string content = co_await hocket::read_file(path);
    EXPECT_EQ((co_await hocket::list_directory(folder.path())).size(), 1U) << "nothing else is left";
    co_await folder.remove();
    co_return content;
  }
};

HOCKET_TEST(download, goes_on_where_the_connection_broke) {
  place to = co_await place::make();
  breaking_server server;
  session web;
  std::vector<std::uint64_t> told;
  download_options options;
  options.on_progress = [&](std::uint64_t bytes) { told.push_back(bytes); };
  EXPECT_EQ(co_await download(web, server.target(), to.path, std::move(options)), 10U);
  EXPECT_EQ(co_await to.take(), "0123456789");
  EXPECT_EQ(told.back(), 10U);
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(server.seen.size(), 3U);
  EXPECT_FALSE(server.seen[0].fields.contains("Range"));
  EXPECT_EQ(server.seen[0].fields.get("Accept-Encoding"), "identity");
  EXPECT_EQ(server.seen[1].fields.get("Range"), "bytes=4-");
  EXPECT_EQ(server.seen[2].fields.get("Range"), "bytes=8-");
  EXPECT_EQ(server.seen[2].fields.get("If-Range"), "\"a\"");
}

HOCKET_TEST(download, survives_a_break_after_any_byte) {
  for (std::size_t bytes = 1; bytes <= 10; ++bytes) {
    place to = co_await place::make();
    breaking_server server;
    server.bytes_a_time = bytes;
    session web;
    EXPECT_EQ(co_await download(web, server.target(), to.path, {.attempts = 2}), 10U) << bytes;
    EXPECT_EQ(co_await to.take(), "0123456789") << bytes;
  }
}

HOCKET_TEST(download, asks_again_where_a_server_sends_less_than_was_asked_for) {
  place to = co_await place::make();
  breaking_server server;
  server.most_of_a_part = 2;
  session web;
  EXPECT_EQ(co_await download(web, server.target(), to.path, {.attempts = 2}), 10U);
  EXPECT_EQ(co_await to.take(), "0123456789");
  EXPECT_EQ(server.seen.size(), 4U);
}

HOCKET_TEST(download, begins_anew_where_the_content_has_changed) {
  place to = co_await place::make();
  breaking_server server;
  session web;
  download_options options;
  options.on_progress = [&](std::uint64_t bytes) {
    if (bytes != 8) return;
    server.content = "abcdefg";
    server.etag = "\"b\"";
  };
  EXPECT_EQ(co_await download(web, server.target(), to.path, std::move(options)), 7U);
  EXPECT_EQ(co_await to.take(), "abcdefg");
}

HOCKET_TEST(download, never_joins_what_nobody_can_tell_apart) {
  for (const char* etag : {"", "W/\"a\""}) {
    place to = co_await place::make();
    breaking_server server;
    server.etag = etag;
    session web;
    download_options options{.attempts = 3};
    options.on_progress = [&](std::uint64_t) {
      if (server.seen.size() == 2) server.bytes_a_time = 10;
    };
    EXPECT_EQ(co_await download(web, server.target(), to.path, std::move(options)), 10U);
    EXPECT_EQ(co_await to.take(), "0123456789");
    for (const seen_request& each : server.seen) EXPECT_FALSE(each.fields.contains("Range")) << etag;
  }
}

HOCKET_TEST(download, keeps_nothing_of_an_attempt_that_does_not_count) {
  place to = co_await place::make();
  breaking_server server;
  server.etag = "";
  server.bytes_a_time = 8;
  session web;
  download_options options;
  options.on_progress = [&](std::uint64_t) {
    server.content = "abc";
    server.bytes_a_time = 3;
  };
  EXPECT_EQ(co_await download(web, server.target(), to.path, std::move(options)), 3U);
  EXPECT_EQ(co_await to.take(), "abc");
}

HOCKET_TEST(download, begins_anew_with_a_server_that_knows_no_ranges) {
  place to = co_await place::make();
  breaking_server server;
  server.knows_ranges = false;
  session web;
  download_options options{.attempts = 3};
  options.on_progress = [&](std::uint64_t) {
    if (server.seen.size() == 2) server.bytes_a_time = 10;
  };
  EXPECT_EQ(co_await download(web, server.target(), to.path, std::move(options)), 10U);
  EXPECT_EQ(co_await to.take(), "0123456789");
}

HOCKET_TEST(download, gives_up_after_attempts_in_a_row_that_get_no_further) {
  place to = co_await place::make();
  breaking_server server;
  session web;
  download_options options{.attempts = 3};
  options.on_progress = [&](std::uint64_t bytes) {
    if (bytes == 8) server.bytes_a_time = 0;
  };
  EXPECT_TRUE(
      (co_await failure_of([](session& by, url from, std::string path, download_options how) -> coro<std::string> {
        co_await download(by, std::move(from), std::move(path), std::move(how));
        co_return "";
      }(web, server.target(), to.path, std::move(options))))
          .starts_with("http::server_disconnected: "));
  EXPECT_EQ(server.seen.size(), 4U) << "the second got further, and is the first of three";
}

HOCKET_TEST(download, asks_for_nothing_again_with_one_attempt) {
  place to = co_await place::make();
  breaking_server server;
  session web;
  EXPECT_TRUE((co_await failure_of([&]() -> coro<std::string> {
                co_await download(web, server.target(), to.path, {.attempts = 1});
                co_return "";
              }()))
                  .starts_with("http::server_disconnected: "));
  EXPECT_EQ(server.seen.size(), 1U);
}

/// Sends a byte of ten each so often.
scripted_server::script dripping_a_byte_each(hocket::duration often) {
  return [often](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.whole());
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (const std::string_view byte : {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}) {
      co_await hocket::sleep(often);
      co_await peer.send_all(byte);
    }
  };
}

HOCKET_TEST(download, lasts_longer_than_the_sessions_total_while_bytes_come) {
  place to = co_await place::make();
  scripted_server server(dripping_a_byte_each(50s));
  hocket::http::session_options options;
  options.middlewares.push_back(hocket::http::retries());  // a limit goes round these, too
  session web(std::move(options));
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await download(web, *url::parse(server.url()), to.path, {.attempts = 1}), 10U);
  EXPECT_GE(hocket::loop::running().time() - begun, 500s);
  EXPECT_EQ(co_await to.take(), "0123456789");
}

HOCKET_TEST(download, ends_where_nothing_comes_any_more) {
  place to = co_await place::make();
  scripted_server server(dripping_a_byte_each(70s));
  session web;
  EXPECT_EQ(co_await failure_of([&]() -> coro<std::string> {
              co_await download(web, *url::parse(server.url()), to.path, {.attempts = 1});
              co_return "";
            }()),
            "timeout_error: the server sends nothing");
}

HOCKET_TEST(download, has_a_limit_in_all_if_it_is_given_one) {
  place to = co_await place::make();
  co_await hocket::write_file(to.path, "old");
  scripted_server server(dripping_a_byte_each(50s));
  session web;
  const auto begun = hocket::loop::running().time();
  EXPECT_TRUE((co_await failure_of([&]() -> coro<std::string> {
                co_await download(web, *url::parse(server.url()), to.path, {.timeout = 120s});
                co_return "";
              }()))
                  .starts_with("timeout_error: "));
  EXPECT_EQ(hocket::loop::running().time() - begun, 120s);
  EXPECT_EQ(co_await to.take(), "old");
}

HOCKET_TEST(download, leaves_the_old_file_when_it_fails) {
  place to = co_await place::make();
  co_await hocket::write_file(to.path, "old");
  breaking_server server;
  server.bytes_a_time = 0;
  session web;
  EXPECT_TRUE((co_await failure_of([&]() -> coro<std::string> {
                co_await download(web, server.target(), to.path, {.attempts = 3});
                co_return "";
              }()))
                  .starts_with("http::server_disconnected: "));
  EXPECT_EQ(server.seen.size(), 3U);
  EXPECT_EQ(co_await to.take(), "old");
}

coro<std::string> failing(session& web, url from, std::string path) {
  co_await download(web, std::move(from), std::move(path), {});
  co_return "";
}

HOCKET_TEST(download, refuses_parts_that_do_not_fit) {
  place to = co_await place::make();
  co_await hocket::write_file(to.path, "old");
  for (const auto& [fields, complaint] : std::map<std::string, std::string>{
           {"Content-Range: bytes 5-9/10\r\n", "the server sends what comes after 5 bytes, and the file has 4"},
           {"", "the server does not say which part of the content it sends"},
           {"Content-Range: bytes 4-9/10\r\nETag: \"b\"\r\n", "the server sends the rest of another content"}}) {
    scripted_server server([&](tcp_socket& peer, std::size_t nth) -> coro<void> {
      request_reader requests(peer);
      static_cast<void>(co_await requests.whole());
      co_await peer.send_all(nth == 0 ? "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n0123"
                                      : response_text(206, "456789", fields));
    });
    session web;
    EXPECT_EQ(co_await failure_of(failing(web, *url::parse(server.url()), to.path)),
              "http::client_error: " + complaint);
  }
  EXPECT_EQ(co_await to.take(), "old");
}

HOCKET_TEST(download, tells_what_is_no_success) {
  place to = co_await place::make();
  co_await hocket::write_file(to.path, "old");
  for (const int status : {206, 304, 404, 503}) {
    scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
      request_reader requests(peer);
      static_cast<void>(co_await requests.whole());
      co_await peer.send_all(status == 304 ? "HTTP/1.1 304 Not Modified\r\n\r\n" : response_text(status, "no"));
    });
    session web;
    const std::string failure = co_await failure_of(failing(web, *url::parse(server.url()), to.path));
    EXPECT_TRUE(failure.starts_with(status == 206 ? "http::client_error: " : "http::status_error: ")) << failure;
  }
  session web;
  EXPECT_EQ(co_await failure_of(failing(web, *url::parse("http://127.0.0.1:1/"), "/dev/null")),
            "http::client_error: '/dev/null' is no file that could be replaced");
  EXPECT_EQ(co_await to.take(), "old");
}

TEST(download, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          auto folder = co_await hocket::temporary_directory::make();
          breaking_server server;
          session web;
          co_await download(web, server.target(), folder / "saved");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 15U);
  }
}

}  // namespace
