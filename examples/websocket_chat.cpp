// A chat in the browser: each page has a WebSocket, and what one says all see. Who does not keep up is shown out; nobody waits for him.
// Run: websocket_chat [--port P] [--patience SECONDS]; then open the address that it prints, twice.
#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

constexpr const char* page = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Chat</title>
<ul id="said"></ul>
<form id="say"><input id="words" autofocus autocomplete="off"><button>Say</button></form>
<script>
const socket = new WebSocket(location.href.replace(/^http/, "ws") + "room");
const show = (line) => { said.appendChild(document.createElement("li")).textContent = line; };
socket.onmessage = (event) => show(event.data);
socket.onclose = (event) => show(`closed: ${event.code} ${event.reason}`);
say.onsubmit = (event) => { event.preventDefault(); socket.send(words.value); words.value = ""; };
</script>
</html>
)";

using lines = hocket::queue<std::string>;

/// Who is there: each has a queue of what others said.
class room {
 public:
  void enter(lines& who) { all_.insert(&who); }
  void leave(lines& who) { all_.erase(&who); }
  void tell(const std::string& line) {
    std::erase_if(all_, [&](lines* each) {
      if (each->put_nowait(line)) return false;
      each->shutdown(hocket::immediate);  // too far behind: is shown out
      return true;
    });
  }

 private:
  std::set<lines*> all_;
};

hocket::coro<void> send_lines(http::websocket& socket, lines& from, hocket::duration patience) {
  try {
    for (;;) {
      const std::string line = co_await from.get();
      co_await hocket::wait_for(socket.send_text(line), patience);
    }
  } catch (const http::websocket_closed&) {
    co_return;
  } catch (const hocket::timeout_error&) {
    socket.abort();  // a farewell would not come through either
    co_return;
  } catch (const hocket::queue_shut_down&) {
  }
  co_await socket.close(http::close_code::policy_violation, "too slow");
}

hocket::coro<void> receive_lines(http::websocket& socket, room& here, std::string name) {
  try {
    while (auto message = co_await socket.receive()) here.tell(name + ": " + message->data);
  } catch (const http::websocket_closed&) {  // however it has ended
  }
}

hocket::coro<void> chat(http::websocket& socket, room& here, std::string name, hocket::duration patience) {
  lines mine(100);
  const auto talk = [&]() -> hocket::coro<void> {
    here.enter(mine);
    here.tell(name + " is here");
    co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
      group.create_task(send_lines(socket, mine, patience));
      co_await receive_lines(socket, here, name);
      group.cancel();
    });
  };
  const auto leave = [&]() -> hocket::coro<void> {
    here.leave(mine);
    here.tell(name + " has left");
    co_return;
  };
  co_await hocket::finally(talk, leave);
}

hocket::coro<void> serve(std::uint16_t port, hocket::duration patience) {
  room here;
  int guests = 0;
  http::router routes;
  routes.get("/", [](http::request&) -> hocket::coro<http::reply> { co_return http::reply::html(page); });
  routes.get("/room", [&](http::request& asked) -> hocket::coro<http::reply> {
    const std::string name = fmt::format("guest {}", ++guests);
    co_return accept_websocket(asked, [&here, name, patience](http::websocket& socket) -> hocket::coro<void> {
      co_await chat(socket, here, name, patience);
    });
  });
  http::server server(std::move(routes));
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("a chat at http://{}/\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  double patience = 10;
  CLI::App options("A chat in the browser.", "websocket_chat");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--patience", patience, "how many seconds a guest may take to receive a line")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  read_command_line(options, argc, argv);
  return run_program(
      options, serve(port, std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(patience))));
}
