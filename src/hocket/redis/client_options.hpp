#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/backoff.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/endpoint.hpp>
#include <hocket/redis/reply_limits.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

enum class protocol_version : unsigned char { resp2 = 2, resp3 = 3 };

struct client_options {
  std::string host = "localhost";
  std::uint16_t port = 6379;
  /// The path of a unix socket, in the place of host and port.
  std::string unix_socket{};
  /// Makes connections secure, with `host` as the name that the server's certificate must be for. Null: no TLS.
  security tls{};
  /// Takes the place of all of these.
  std::shared_ptr<redis::endpoint> endpoint{};

  /// Of the server's access control; without a name, "default".
  std::string username{};
  std::string password{};
  unsigned database = 0;
  /// How CLIENT LIST calls the connections.
  std::string client_name{};
  /// Servers before 6.0 speak RESP2 only, and are spoken to so.
  protocol_version protocol = protocol_version::resp3;
  /// What else is said on each new connection, before all else: CLIENT TRACKING, READONLY. An error as the answer ends it.
  std::vector<request> on_connect{};

  /// For one attempt, with TLS, authentication and what `on_connect` says.
  duration connect_timeout = std::chrono::seconds(10);
  /// How often a connection is tried before the commands that wait for it fail.
  unsigned connect_attempts = 4;
  backoff pause{.first = std::chrono::milliseconds(50), .longest = std::chrono::seconds(5)};
  /// From the call to the answer: then `timeout_error`. If the server has said nothing at all in that time, the connection is given up.
  duration command_timeout = std::chrono::seconds(30);
  /// A connection on which nothing came for so long is asked whether it is there (PING), and given up if that is not answered in
  /// `command_timeout`.
  duration health_check_interval = std::chrono::seconds(30);
  /// How often one command is sent again, if it is `idempotent`.
  unsigned most_resends = 2;

  /// How many commands, and how many bytes of them, are with the server unanswered; more wait for their turn. A command that is larger
  /// goes alone.
  std::size_t max_in_flight = 4096;
  std::size_t max_in_flight_bytes = 4 * 1024 * 1024;
  reply_limits limits{};

  /// Connections beside the one that all share: for `client::session`, what blocks, and transactions that watch.
  std::size_t max_sessions = 64;

  /// How long `close` waits for answers.
  duration close_timeout = std::chrono::seconds(10);

  connect_options connect{};
};

/// Of `redis://user:password@host:port/0`, `rediss://...` (over TLS, with the system's authorities), `unix:///path/of.sock?db=0`. What is left out is as `others` have it.
/// Users, passwords and paths are percent-encoded; the query may have `db`, `username`, `password`, `client_name` and `protocol`
/// (2 or 3). Throws std::invalid_argument, which does not show the password.
/// Source: https://www.iana.org/assignments/uri-schemes/prov/redis. Counterpart: redis.asyncio.from_url.
[[nodiscard]] client_options options_from_url(std::string_view url, client_options others = {});

}  // namespace hocket::redis
