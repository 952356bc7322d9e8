#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <io/temporary_directory.hpp>
#include <peers/peer_process.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/redis/client.hpp>

namespace hocket::testing {

/// For tests of both. A name of its own, for g++ 12 refuses lists in a loop within a coroutine.
inline constexpr std::array each_protocol{redis::protocol_version::resp3, redis::protocol_version::resp2};

/// A list of texts, for g++ 12 takes no braced ones where something is awaited.
template <class... Words>
[[nodiscard]] std::vector<std::string> words(const Words&... each) {
  std::vector<std::string> made;
  (made.emplace_back(each), ...);
  return made;
}

/// redis-server at a unix socket in a folder of its own, which outlives the program.
class redis_server {
 public:
  redis_server() = default;

  /// Starts it with these options, or starts it again, and waits until it answers.
  [[nodiscard]] coro<void> start(std::vector<std::string> further = {}) {
    further_ = std::move(further);
    co_await restart();
  }
  [[nodiscard]] coro<void> restart() {
    process_.reset();
    std::vector<std::string> command{"redis-server"};
    if (!file_.empty()) command.push_back(file_);
    const std::vector<std::string> own{"--port", "0", "--unixsocket", socket(), "--dir", folder_.path(), "--save", ""};
    command.insert(command.end(), own.begin(), own.end());
    command.insert(command.end(), further_.begin(), further_.end());
    process_.emplace(std::move(command));
    const auto where = socket_address::unix_path(socket());
    for (int tries = 0; tries < 2000; ++tries) {
      const auto connected = co_await as_result(connect_unix(where));
      if (connected) co_return;
      co_await sleep(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("redis-server does not listen");
  }
  /// The file that it reads first, and writes, in its folder.
  void set_file(std::string file) { file_ = std::move(file); }
  /// SIGKILL.
  void kill() { process_.reset(); }

  [[nodiscard]] std::string socket() const { return folder_ / "redis.sock"; }
  [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
  [[nodiscard]] redis::client_options options() const { return {.unix_socket = socket()}; }

 private:
  temporary_directory folder_;
  std::string file_;
  std::vector<std::string> further_;
  std::optional<peer_process> process_;
};

}  // namespace hocket::testing
