// A server that stops while handlers of websockets are at something.

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/upgraded_connection.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/http/websocket/connect_websocket.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::coro;
using hocket::create_task;
using hocket::http::accept_websocket;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::websocket;
using hocket::http::websocket_closed;
using hocket::http::websocket_writer;
using hocket::testing::running_server;

namespace {

/// What the handlers below have got to.
struct progress {
  hocket::event begun;
  std::string seen;
};

/// Lets the handler begin, then stops the server, and gives how the client sees the end.
coro<std::string> stopped_amid(coro<void> (*serve)(websocket&, progress&), progress& at) {
  running_server server([serve, &at](request& asked) -> coro<reply> {
    co_return accept_websocket(asked, [serve, &at](websocket& socket) -> coro<void> { co_await serve(socket, at); });
  });
  hocket::http::session web;
  websocket socket = co_await connect_websocket(web, server.url());
  co_await socket.send_text("what was lent");
  co_await at.begun.wait();
  const auto stopping = create_task(server.stop());
  for (int nth = 0; nth < 3; ++nth) static_cast<void>(co_await as_result(socket.send_text(std::string(100, 'o'))));
  std::string end;
  try {
    while (auto message = co_await socket.receive()) end += message->data + "; ";
    end += "end";
  } catch (const websocket_closed&) {
    end += "closed";
  }
  end += fmt::format(" {}", *socket.close_code());
  co_await socket.close();
  co_await stopping;
  co_return end;
}

HOCKET_TEST(accept_websocket, a_server_that_stops_leaves_its_handlers_the_pieces_that_they_hold) {
  progress at;
  EXPECT_EQ(co_await stopped_amid(
                [](websocket& socket, progress& here) -> coro<void> {
                  const auto piece = co_await socket.receive_piece();
                  here.begun.set();
                  co_await hocket::sleep(3s);
                  here.seen = piece->data;
                },
                at),
            "end 1001");
  EXPECT_EQ(at.seen, "what was lent");
}

HOCKET_TEST(accept_websocket, a_server_that_stops_ends_a_message_that_is_sent_in_pieces) {
  progress at;
  EXPECT_EQ(co_await stopped_amid(
                [](websocket& socket, progress& here) -> coro<void> {
                  const auto sent = co_await as_result(socket.send_text_pieces([&](websocket_writer& to) -> coro<void> {
                    co_await to.write("half");
                    here.begun.set();
                    co_await hocket::sleep(3s);
                    co_await to.write("the other half");
                  }));
                  here.seen = sent ? "sent" : "cut off";
                },
                at),
            "end 1001");
  EXPECT_EQ(at.seen, "cut off");
}

HOCKET_TEST(accept_websocket, a_server_may_stop_while_a_handler_closes) {
  progress at;
  EXPECT_EQ(co_await stopped_amid(
                [](websocket& socket, progress& here) -> coro<void> {
                  here.begun.set();
                  co_await socket.close(4000, "enough");
                  here.seen = "closed";
                },
                at),
            "closed 4000");
  EXPECT_EQ(at.seen, "closed");
}

// Whoever speaks another protocol and leaves its connection open: it ends in order, over TLS with an alert.
HOCKET_TEST(server, closes_in_order_what_another_protocol_leaves_open) {
  running_server server(
      [](request& asked) -> coro<reply> {
        asked.set(hocket::http::protocol_change{[](hocket::http::upgraded_connection& connection) -> coro<void> {
          co_await connection.stream.send_all("other words");
        }});
        reply given{.status = 101};
        given.headers.add("Upgrade", "other");
        co_return given;
      },
      {.tls = hocket::testing::server_here()});
  hocket::byte_stream client =
      co_await hocket::start_tls(hocket::byte_stream(co_await hocket::tcp_socket::connect(server.address())),
                                 hocket::testing::client_here(), {.server_hostname = "127.0.0.1"});
  co_await client.send_all("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n");
  const auto all = co_await as_result(hocket::testing::receive_to_end(client));
  EXPECT_TRUE(all && all->ends_with("\r\n\r\nother words"));
  co_await server.stop();
}

}  // namespace
