// Sends back what it receives, on as many loops as there are processors. One more loop keeps count: the others tell it through
// a channel of each client that has gone. Ctrl-C ends them all.
// Run: many_loops [--loops N] [--port P]
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "program.hpp"

struct served {
  std::size_t loop;
  std::size_t bytes;
};
using sending_end = hocket::concurrent_send_channel<served>;
using receiving_end = hocket::concurrent_receive_channel<served>;

hocket::coro<void> echo(hocket::stream_reader reader, hocket::stream_writer writer, std::size_t loop,
                        sending_end& sink) {
  served done{.loop = loop, .bytes = 0};
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) break;
    writer.write(bytes);
    co_await writer.drain();
    done.bytes += bytes.size();
  }
  co_await sink.send(done);  // to another thread
}

hocket::coro<void> serve(std::size_t loop, hocket::shared_address& address, sending_end sink) {
  const auto handler = [&](auto reader, auto writer) -> hocket::coro<void> {
    co_await echo(std::move(reader), std::move(writer), loop, sink);
  };
  auto server =
      hocket::start_server(handler, address.listen());  // a socket for each loop: the kernel spreads the clients
  fmt::print("loop {} echoes at {}\n", loop, address.address().to_string());
  co_await server.serve_forever();
}

hocket::coro<void> count(receiving_end source) {
  std::size_t clients = 0;
  std::size_t bytes = 0;
  while (const auto told = co_await source.receive()) {
    bytes += told->bytes;
    fmt::print("loop {} served {} bytes; {} bytes to {} clients so far\n", told->loop, told->bytes, bytes, ++clients);
  }
}

int main(int argc, char** argv) {
  std::size_t loops = hocket::usable_processors();
  std::uint16_t port = 8888;
  CLI::App options("Sends back what it receives, on several loops.", "many_loops");
  options.add_option("--loops", loops, "loops that serve")->check(CLI::Range(1, 256))->capture_default_str();
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    hocket::shared_address address(*hocket::socket_address::parse("127.0.0.1", port));
    auto [sink, source] = hocket::open_concurrent_channel<served>(1024);
    hocket::run_loops(loops + 1, [&](std::size_t loop) -> hocket::coro<void> {
      if (loop < loops)
        co_await serve(loop, address, sink.clone());
      else
        co_await count(std::move(source));
    });
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}: {}\n", options.get_name(), failure.what());
    return 1;
  }
}
