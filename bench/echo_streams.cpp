// The echo server of echo.cpp as one writes it with asyncio's streams: echo_streams PORT.

#include <cstdlib>

#include <hocket/hocket.hpp>

namespace {

hocket::coro<void> echo(hocket::stream_reader reader, hocket::stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

hocket::coro<void> amain(std::uint16_t port) {
  auto server = co_await hocket::start_server(echo, "127.0.0.1", port);
  co_await server.serve_forever();
}

}  // namespace

int main(int count, char** arguments) {
  hocket::run(amain(static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0)));
}
