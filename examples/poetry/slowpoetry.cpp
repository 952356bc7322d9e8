// Serves a poem, slowly: to each client some bytes at a time, with a pause after each. Any number of clients at once.
// Run: slowpoetry FILE [--port P] [--num-bytes N] [--delay SECONDS]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "../program.hpp"

using namespace std::chrono_literals;

struct arguments {
  std::string file;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  std::size_t num_bytes = 10;
  double delay = 0.7;
};

constexpr std::size_t longest_poem = 16 * 1024 * 1024;

hocket::coro<void> hear_out(hocket::stream_reader& reader) {
  while (!(co_await reader.read(4096)).empty()) continue;
}

hocket::coro<void> recite(std::string_view poem, const arguments& given, hocket::stream_reader reader,
                          hocket::stream_writer writer) {
  const auto pause = std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(given.delay));
  try {
    for (std::size_t at = 0; at < poem.size(); at += given.num_bytes) {
      writer.write(poem.substr(at, given.num_bytes));
      co_await writer.drain();
      co_await hocket::sleep(pause);
    }
    writer.write_eof();
    // Bytes that nobody has read when a connection is closed reset it, and the client may lose the end of the poem.
    co_await hocket::move_on_after(1s, hear_out(reader));
  } catch (const std::system_error&) {  // the client has left
  }
}

hocket::coro<void> serve(const arguments& given) {
  const std::string poem = co_await hocket::read_file(given.file, longest_poem);
  const auto serve_client = [&](hocket::stream_reader reader, hocket::stream_writer writer) -> hocket::coro<void> {
    co_await recite(poem, given, std::move(reader), std::move(writer));
  };
  const auto server = co_await hocket::start_server(serve_client, given.host, given.port);
  for (const auto& address : server.addresses()) fmt::print("{} at {}\n", given.file, address.to_string());
  hocket::event never;
  co_await never.wait();
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Serves a poem, slowly.", "slowpoetry");
  options.add_option("FILE", given.file, "the poem")->required();
  options.add_option("--host", given.host, "the address to listen at")->capture_default_str();
  options.add_option("--port", given.port, "the port; 0: one that is free")->capture_default_str();
  options.add_option("--num-bytes", given.num_bytes, "bytes to send at a time")
      ->check(CLI::Range(std::size_t{1}, longest_poem))
      ->capture_default_str();
  options.add_option("--delay", given.delay, "seconds to pause after each time")
      ->check(between_zero_and(3600))
      ->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(given));
}
