#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::testing {

/// For what takes a moment on an idle machine. Whoever waits longer gets an error that shows what the program has said.
inline constexpr std::chrono::seconds patience{30};

/// Where the program is, looked for along PATH and where servers are kept; nothing if it is not installed.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

/// Ends the test that is running as skipped, loudly.
void skip_for_want_of(const std::string& program);

/// First in the body of a test that runs this program.
#define HOCKET_NEEDS(program) \
  if (!::hocket::testing::find_program(program)) co_return ::hocket::testing::skip_for_want_of(program)

/// What a program says, collected while it says it: programs that nobody reads from would stop.
class peer_output {
 public:
  explicit peer_output(byte_stream from);
  ~peer_output() { collecting_.cancel(); }
  peer_output(const peer_output&) = delete;
  peer_output& operator=(const peer_output&) = delete;

  /// A line with its '\n'; at the end what is left. Empty at the end only.
  [[nodiscard]] coro<std::string> readline();
  /// All that has not been read, up to the end.
  [[nodiscard]] coro<std::string> read();

 private:
  struct state;
  static coro<void> collect(std::shared_ptr<state> into, byte_stream from);

  std::shared_ptr<state> state_;
  task<void> collecting_;
};

/// A program of somebody else's, in a process group of its own; its standard input is written to as a stream.
///
/// Destroying it kills the group and waits for the program's end, so that a test which fails leaves nothing running.
/// Belongs to the loop on which it was made.
class peer_process {
 public:
  /// Starts it. Throws std::system_error, std::runtime_error if there is no such program.
  explicit peer_process(std::vector<std::string> command);
  ~peer_process();
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;

  stream_writer& in() noexcept { return in_.writer; }
  peer_output& out() noexcept { return out_; }
  peer_output& err() noexcept { return err_; }

  /// Reads up to the first line that contains `part` and gives that one. Throws std::runtime_error at the end of the output.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string> line_of_out(std::string part) {
    return line_of(out_, std::move(part));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string> line_of_err(std::string part) {
    return line_of(err_, std::move(part));
  }

  /// Waits until somebody accepts connections there. Throws std::runtime_error if the program ends first.
  [[nodiscard]] coro<void> accepts_at(socket_address where);

  /// Waits for its end and gives its exit code; 128 and the signal's number, if one has ended it.
  [[nodiscard]] coro<int> ended();

  /// SIGKILL, to the whole group.
  void kill() noexcept;

 private:
  struct standard_streams;

  peer_process(std::vector<std::string> command, standard_streams&& streams);
  [[nodiscard]] coro<std::string> line_of(peer_output& output, std::string part);

  std::string name_;
  hocket::stream_pair in_;
  peer_output out_;
  peer_output err_;
  pid_t process_ = -1;  // it is reaped by the destructor, so that the number is nobody else's until then
};

/// What became of a program.
struct peer_outcome {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs it to its end, with `input` and then the end of its standard input. Throws as `peer_process` does, `timeout_error`.
[[nodiscard]] coro<peer_outcome> run_peer(std::vector<std::string> command, std::string input = {});

/// The same, but its standard input stays open until it has ended.
[[nodiscard]] coro<peer_outcome> run_peer_with_open_input(std::vector<std::string> command, std::string input = {});

/// A port of 127.0.0.1 for programs that cannot choose one. It is theirs who listen with SO_REUSEPORT, while this lives.
class reserved_port {
 public:
  reserved_port();
  ~reserved_port();
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

/// The number at the end of a line such as "Listening on 127.0.0.1 4433".
[[nodiscard]] std::uint16_t port_at_end_of(std::string_view line);

}  // namespace hocket::testing
