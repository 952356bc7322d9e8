// A page with a clock that the server moves: server-sent events, for any number of pages at once.
// Run: sse_clock [--port P] [--every SECONDS]; then open the address that it prints.
#include <chrono>
#include <cstdint>
#include <string>

#include <fmt/chrono.h>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

constexpr const char* page = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Clock</title>
<h1 id="time">...</h1>
<script>
new EventSource("/time").onmessage = (event) => { document.getElementById("time").textContent = event.data; };
</script>
</html>
)";

std::string time_of_day() { return fmt::format("{:%H:%M:%S}", hocket::system_wall_clock()); }

hocket::coro<void> serve(std::uint16_t port, double seconds) {
  const auto pause = std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(seconds));
  http::router routes;
  routes.get("/", [](http::request&) -> hocket::coro<http::reply> { co_return http::reply::html(page); });
  routes.get("/time", [pause](http::request&) -> hocket::coro<http::reply> {
    co_return http::event_stream([pause](http::event_writer& events) -> hocket::coro<void> {
      for (;;) {  // until the page is closed: then `send` throws, and nobody minds
        co_await events.send(time_of_day());
        co_await hocket::sleep(pause);
      }
    });
  });
  http::server server(std::move(routes), {.wall_clock = hocket::system_wall_clock});
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("a clock at http://{}/\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  double seconds = 1;
  CLI::App options("Shows the time, in UTC.", "sse_clock");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--every", seconds, "the time between two events, in seconds")
      ->check(between_zero_and(3600))
      ->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(port, seconds));
}
