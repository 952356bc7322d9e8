// A dashboard that moves by itself: server-sent events for any number of pages, and for a terminal that listens as a page does.
// Run: dashboard [--port P]; then open the address that it prints, or: dashboard --listen http://127.0.0.1:8080/numbers
#include <cstdint>
#include <string>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

constexpr const char* page = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Dashboard</title>
<table><tr><th>requests<td id="requests"><tr><th>connections<td id="connections"><tr><th>turns of the loop<td id="turns"></table>
<script>
const source = new EventSource("/numbers");
source.addEventListener("numbers", (event) => {
  for (const [name, value] of Object.entries(JSON.parse(event.data))) document.getElementById(name).textContent = value;
});
</script>
</html>
)";

hocket::coro<void> tell(http::event_writer& events, const http::server& server, hocket::duration pause) {
  for (std::uint64_t nth = 1;; ++nth) {
    const std::string numbers = fmt::format(R"({{"requests": {}, "connections": {}, "turns": {}}})", server.requests(),
                                            server.connections(), hocket::loop::running().counters().turns);
    co_await events.send({.data = numbers, .type = "numbers", .id = std::to_string(nth)});
    co_await hocket::sleep(pause);
  }
}

hocket::coro<void> serve(std::uint16_t port, double seconds) {
  const auto pause = std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(seconds));
  const http::server* told_of = nullptr;
  http::router routes;
  routes.get("/", [](http::request&) -> hocket::coro<http::reply> { co_return http::reply::html(page); });
  routes.get("/numbers", [&](http::request&) -> hocket::coro<http::reply> {
    co_return http::event_stream(
        [&](http::event_writer& events) -> hocket::coro<void> { co_await tell(events, *told_of, pause); });
  });
  http::server server(std::move(routes), {.cancel_on_disconnect = true});
  told_of = &server;
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("a dashboard at http://{}/\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

/// Through as many connections as it takes.
hocket::coro<void> listen(std::string url) {
  http::session web;
  http::event_source numbers(web, url);
  while (auto event = co_await numbers.next()) fmt::print("{} {}\n", event->last_event_id, event->data);
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  double seconds = 1;
  std::string url;
  CLI::App options("Shows what a server does while it does it.", "dashboard");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--every", seconds, "the time between two events, in seconds")
      ->check(between_zero_and(3600))
      ->capture_default_str();
  options.add_option("--listen", url, "print the events of this address instead");
  read_command_line(options, argc, argv);
  return run_program(options, url.empty() ? serve(port, seconds) : listen(url));
}
