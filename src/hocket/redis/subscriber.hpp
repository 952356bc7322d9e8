#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/client_options.hpp>

namespace hocket::redis {

namespace detail {
class subscription;
}

/// What was published on a channel.
struct message {
  std::string channel;
  /// The pattern by which it was subscribed to; empty: by the channel's name.
  std::string pattern{};
  std::string data;

  friend bool operator==(const message&, const message&) = default;
};

/// Listens to channels, by a connection of its own.
///
///     redis::subscriber news(store.options());
///     co_await news.subscribe({"weather"});
///     while (auto said = co_await news.next()) std::puts(said->data.c_str());
///
/// A connection that is lost is opened anew, with growing pauses, and everything subscribed to again: what was published meanwhile is lost, as Redis keeps none of it, and
/// `reconnections` counts. What nobody takes yet waits at the server, which ends the connection when that is too much (`client-output-buffer-limit`).
///
/// One task receives at a time; others may subscribe meanwhile. Counterpart: redis.asyncio.client.PubSub.
class subscriber {
 public:
  explicit subscriber(client_options options);
  subscriber(subscriber&&) noexcept = default;
  subscriber& operator=(subscriber&&) = delete;
  ~subscriber();

  // They say what is wanted, and tell the server if there is a connection; otherwise the next one is told. The server's consent is not waited for. Throw `cancelled`,
  // `client_closed`.

  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> subscribe(std::vector<std::string> channels);
  /// None: all that there are.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> unsubscribe(std::vector<std::string> channels = {});
  /// Patterns: "weather.*".
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> psubscribe(std::vector<std::string> patterns);
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> punsubscribe(std::vector<std::string> patterns = {});
  /// Channels of a shard (`spublish`).
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> ssubscribe(std::vector<std::string> channels);
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> sunsubscribe(std::vector<std::string> channels = {});

  /// Waits for the next message, through as many connections as it takes; connects, if there is none. Nothing: it was closed. Cancelled, it loses nothing. Throws what connecting throws
  /// after `connect_attempts`, `response_error` where a subscription was refused, `protocol_error`.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::optional<message>> next();
  /// All that `next` gives. Counterpart: PubSub.listen.
  [[nodiscard]] async_generator<message> listen();

  /// Connections after the first.
  [[nodiscard]] std::size_t reconnections() const noexcept;

  /// Ends the connection; whoever waits gets nothing, and so does who asks again.
  void close() noexcept;

 private:
  std::shared_ptr<detail::subscription> state_;
};

}  // namespace hocket::redis
