// Sends lines to an echo server and prints what comes back, both at the same time, over TCP or TLS.
// Run: echo_client HOST PORT [--tls] [--cafile FILE] [LINE...]; without lines it sends standard input
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <hocket/tls.hpp>

#include "program.hpp"

struct arguments {
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::string> lines;
  bool tls = false;
  std::string cafile;
};

// On epoll a thread reads, which cannot be stopped while it waits for a terminal: only a second Ctrl-C ends the program then.
hocket::coro<void> send_standard_input(hocket::stream_writer& writer) {
  hocket::file input(hocket::io_handle(STDIN_FILENO));
  std::array<char, 64 * 1024> bytes;
  while (const auto size = co_await input.read(bytes)) {
    writer.write(std::string_view(bytes.data(), size));
    co_await writer.drain();  // waits while the server does not keep up
  }
}

hocket::coro<void> send(const std::vector<std::string>& lines, hocket::stream_writer& writer, bool& all_sent) {
  for (const std::string& line : lines) writer.write(line + "\n");
  if (lines.empty()) co_await send_standard_input(writer);
  all_sent = true;
  writer.write_eof();  // the server then comes to its end, and so does `print`
}

hocket::coro<void> print(hocket::stream_reader& reader) {
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) co_return;
    fmt::print("{}", bytes);
  }
}

// Not by way of `run`, which would wait for the thread that reads standard input.
[[noreturn]] void leave(int code) {
  std::fflush(stdout);
  std::_Exit(code);
}

// The program ends with the server, even while it waits for more of standard input.
hocket::coro<void> print_to_the_end(hocket::stream_reader& reader, hocket::stream_writer& writer,
                                    const bool& all_sent) {
  try {
    co_await print(reader);
    if (all_sent) co_return;
    writer.close();
    co_await writer.wait_closed();
  } catch (const std::system_error& failure) {
    if (all_sent) throw;
    fmt::print(stderr, "echo_client: {}\n", failure.what());
    leave(1);
  }
  leave(0);
}

hocket::coro<void> talk(const arguments& given) {
  hocket::open_connection_options how;
  if (given.tls) how.tls = hocket::tls_context::client({.cafile = given.cafile});
  auto [reader, writer] = co_await hocket::open_connection(given.host, given.port, how);
  bool all_sent = false;
  co_await hocket::gather(send(given.lines, writer, all_sent), print_to_the_end(reader, writer, all_sent));
  writer.close();
  co_await writer.wait_closed();
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Sends lines to an echo server and prints what comes back.", "echo_client");
  options.add_option("HOST", given.host, "where the server is")->required();
  options.add_option("PORT", given.port, "its port")->required();
  options.add_option("LINE", given.lines, "what to send; standard input without any");
  auto* tls = options.add_flag("--tls", given.tls, "talk TLS");
  options.add_option("--cafile", given.cafile, "trust the authorities in this file, not the system's")->needs(tls);
  read_command_line(options, argc, argv);
  return run_program(options, talk(given));
}
