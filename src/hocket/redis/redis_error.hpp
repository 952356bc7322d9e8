#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/error.hpp>

namespace hocket::redis {

/// What the client of Redis reports, but for time-outs (`timeout_error`) and servers that break the protocol (`protocol_error`).
/// Counterpart: redis.exceptions.RedisError.
class redis_error : public error {
 public:
  using error::error;
};

/// The server's answer to a command is an error. `what()` is all of it: "WRONGTYPE Operation against a key holding the wrong kind of value".
/// Counterpart: ResponseError and those derived from it.
class response_error : public redis_error {
 public:
  explicit response_error(std::string text) : redis_error(std::move(text)) {}

  /// Its first word, by which programs tell errors apart: "WRONGTYPE", "NOSCRIPT", "MOVED"; "ERR" of all that have no word of their own.
  [[nodiscard]] std::string_view code() const noexcept {
    const std::string_view text = what();
    return text.substr(0, text.find(' '));
  }
};

/// There was no connection to be had, or it was lost before the answer came: whether the server has run the command nobody knows.
/// Counterpart: redis.exceptions.ConnectionError.
class connection_lost : public redis_error {
 public:
  using redis_error::redis_error;
};

/// There was no connection to be had: the command was not sent, or may be sent twice.
class not_connected : public connection_lost {
 public:
  using connection_lost::connection_lost;
};

/// One command names keys of several slots of a cluster, of which each may be another node's.
/// Counterpart: redis.exceptions.ClusterCrossSlotError.
class cross_slot_error : public redis_error {
 public:
  using redis_error::redis_error;
};

/// The client was closed, or is being closed, and takes no more commands.
class client_closed : public redis_error {
 public:
  using redis_error::redis_error;
};

/// A reply is no such thing as it was asked for.
class conversion_error : public redis_error {
 public:
  using redis_error::redis_error;
};

}  // namespace hocket::redis
