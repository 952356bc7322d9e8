// What a server is made of, cancelled wherever it waits, and with clients that go wherever they wait: nothing is left behind, on disk neither.

#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <http/server/answers.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/event_stream.hpp>
#include <hocket/http/server/log_file.hpp>
#include <hocket/http/server/read_form.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
namespace http = hocket::http;
using hocket::testing::answer_to;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::whole_body_of;
using hocket::testing::write_file;

namespace {

/// A server, what it is asked, and what must hold of a whole answer.
struct conversation {
  std::function<http::router()> routes;
  std::string asked;
  std::function<void(const std::string& answer)> check;
  std::function<void()> check_leftovers = [] {};
};

coro<std::string> talk(hocket::tcp_socket socket, std::string_view asked) {
  const std::size_t half = asked.size() / 2;
  co_await socket.send_all(asked.substr(0, half));
  co_await hocket::sleep(std::chrono::milliseconds(1));
  co_await socket.send_all(asked.substr(half));
  co_return co_await hocket::testing::receive_to_end(socket);
}

/// The server's end of the connection is the task that is cancelled.
coro<void> cancel_the_server(const conversation& what) {
  http::server server(what.routes());
  auto [client, peer] = co_await hocket::testing::connect_on_loopback();
  auto talking = create_task(talk(std::move(client), what.asked));
  const auto served = co_await hocket::as_result(server.serve_connection(hocket::byte_stream(std::move(peer))));
  const auto answer = co_await hocket::as_result(talking);
  what.check_leftovers();
  if (!served) std::rethrow_exception(served.error());
  if (!answer) std::rethrow_exception(answer.error());
  what.check(*answer);
}

/// The client's is, and goes in the midst of it.
coro<void> cancel_the_client(const conversation& what) {
  running_server server(what.routes(), {.cancel_on_disconnect = true});
  const auto ask = [&]() -> coro<std::string> {
    co_return co_await talk(co_await hocket::tcp_socket::connect(server.address()), what.asked);
  };
  const auto answer = co_await hocket::as_result(ask());
  co_await server.stop();
  what.check_leftovers();
  if (!answer) std::rethrow_exception(answer.error());
  what.check(*answer);
}

void expect_nothing_left(const conversation& what) {
  for (const auto backend : hocket::testing::every_backend()) {
    for (const auto scenario : {cancel_the_server, cancel_the_client}) {
      const auto report = hocket::testing::cancel_at_every_suspension([&]() -> coro<void> { co_await scenario(what); },
                                                                      {.backend = backend});
      EXPECT_EQ(report.leaked_blocks, 0U);
      EXPECT_GT(report.cancelled, 3U);
    }
  }
}

http::router answering(std::string_view path, http::handler with) {
  http::router routes;
  routes.get(path, std::move(with));
  return routes;
}

TEST(cancellation, of_a_form_being_read_leaves_no_file) {
  const temporary_directory folder;
  const std::string content =
      "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\ntext\r\n--b\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n" +
      std::string(50'000, 'x') + "\r\n--b--\r\n";
  const auto take = [&folder](http::request& asked) -> coro<http::reply> {
    const auto form = co_await http::read_form(asked, {.directory = folder.path()});
    co_return http::reply::text(fmt::format("{} {}", form.require("note"), form.files.at(0).size_bytes));
  };
  expect_nothing_left(
      {.routes =
           [&] {
             http::router routes;
             routes.post("/", take);
             return routes;
           },
       .asked =
           request_of("POST", "/", "Connection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n", content),
       .check = [](const auto& answer) { EXPECT_EQ(whole_body_of(answer), "text 50000"); },
       .check_leftovers = [&] { EXPECT_TRUE(std::filesystem::is_empty(folder.path())); }});
}

TEST(cancellation, of_an_event_stream_leaves_nothing) {
  const auto tell = [](http::request&) -> coro<http::reply> {
    co_return http::event_stream(
        [](http::event_writer& events) -> coro<void> {
          co_await events.send("one");
          co_await hocket::sleep(std::chrono::seconds(3));
          co_await events.send("two");
        },
        {.heartbeat = std::chrono::seconds(2)});
  };
  expect_nothing_left(
      {.routes = [&] { return answering("/", tell); },
       .asked = request_of("GET", "/", "Connection: close\r\n"),
       .check = [](const auto& answer) { EXPECT_EQ(whole_body_of(answer), ":\n\ndata: one\n\n:\n\ndata: two\n\n"); }});
}

TEST(cancellation, of_what_is_compressed_on_the_way_leaves_nothing) {
  const auto tell = [](http::request&) -> coro<http::reply> {
    co_return http::reply::stream("text/plain", [](http::body_writer& out) -> coro<void> {
      const std::string lines = std::string(5000, 'x') + "\n";
      for (int n = 0; n < 3; ++n) {
        co_await out.write(lines);
        co_await out.flush();
        co_await hocket::sleep(std::chrono::seconds(1));
      }
    });
  };
  const auto routes = [&] {
    http::router made = answering("/", tell);
    made.use(http::compression());
    return made;
  };
  expect_nothing_left({.routes = routes,
                       .asked = request_of("GET", "/", "Connection: close\r\nAccept-Encoding: gzip\r\n"),
                       .check = [](const auto& answer) {
                         EXPECT_EQ(hocket::testing::field_of(answer, "Content-Encoding"), "gzip");
                         EXPECT_TRUE(answer.ends_with("\r\n0\r\n\r\n"));
                       }});
}

TEST(cancellation, of_files_on_their_way_leaves_nothing) {
  const temporary_directory folder;
  const std::string content(270'000, 'x');
  write_file(folder / "large", content);
  write_file(folder / "large.gz", content.substr(0, 100'000));
  const auto routes = [&] {
    return answering("/{path:path}", http::static_files::below(folder.path(), {.precompressed = true}));
  };
  expect_nothing_left({.routes = routes,
                       .asked = request_of("GET", "/large", "Connection: close\r\n"),
                       .check = [&](const auto& answer) { EXPECT_TRUE(whole_body_of(answer) == content); }});
  expect_nothing_left({.routes = routes,
                       .asked = request_of("GET", "/large", "Connection: close\r\nAccept-Encoding: gzip\r\n"),
                       .check = [](const auto& answer) { EXPECT_EQ(whole_body_of(answer).size(), 100'000U); }});
  expect_nothing_left({.routes = routes,
                       .asked = request_of("GET", "/large", "Connection: close\r\nRange: bytes=0-9,100000-199999\r\n"),
                       .check = [](const auto& answer) { EXPECT_GT(whole_body_of(answer).size(), 100'010U); }});
}

TEST(cancellation, of_a_log_that_is_written_leaves_nothing) {
  const temporary_directory folder;
  const std::string path = folder / "log";
  const auto write = [&]() -> coro<void> {
    auto log = co_await http::log_file::open(path);
    const auto use = [&]() -> coro<void> {
      log->write("one\n");
      co_await hocket::sleep(std::chrono::seconds(1));
      log->reopen();
      log->write("two\n");
    };
    const auto used = co_await hocket::as_result(use());
    co_await log->close();
    if (!used) std::rethrow_exception(used.error());
  };
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(write, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.cancelled, 2U);
  }
}

}  // namespace
