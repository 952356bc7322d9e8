// WebSocket, both ends: a server that sends back what it gets, and a client that shows what comes back for each of its words.
// Run: websocket_echo [--port P]; then websocket_echo --connect ws://127.0.0.1:8080/ Hello world
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

hocket::coro<void> echo(http::websocket& socket) {
  while (auto message = co_await socket.receive()) {
    if (message->is_text)
      co_await socket.send_text(message->data);
    else
      co_await socket.send_binary(message->data);
  }
}

hocket::coro<void> serve(std::uint16_t port) {
  http::router routes;
  routes.get("/", [](http::request& asked) -> hocket::coro<http::reply> { co_return accept_websocket(asked, echo); });
  http::server server(std::move(routes));
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("an echo at ws://{}/\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

hocket::coro<void> talk(std::string url, std::vector<std::string> words) {
  http::session web;
  http::websocket socket = co_await connect_websocket(web, url);
  for (const std::string& word : words) {
    co_await socket.send_text(word);
    if (auto answer = co_await socket.receive()) fmt::print("{}\n", answer->data);
  }
  co_await socket.close();
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  std::string url;
  std::vector<std::string> words;
  CLI::App options("Sends back what it gets, over WebSocket.", "websocket_echo");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--connect", url, "be the client of this server");
  options.add_option("words", words, "what the client sends");
  read_command_line(options, argc, argv);
  return run_program(options, url.empty() ? serve(port) : talk(url, words));
}
