#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/subscriber.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::redis::detail {

/// What a `subscriber` is made of.
class subscription {
 public:
  enum kind : std::size_t { channels, patterns, shard_channels };

  explicit subscription(client_options options) : options_(std::move(options)) {}
  subscription(const subscription&) = delete;

  using keeper = std::shared_ptr<subscription>;
  coro<void> add(keeper, kind what, std::vector<std::string> names);
  coro<void> remove(keeper, kind what, std::vector<std::string> names);
  coro<std::optional<message>> next(keeper);

  [[nodiscard]] std::size_t reconnections() const noexcept { return connections_ > 0 ? connections_ - 1 : 0; }
  void close() noexcept;

 private:
  coro<void> connect();
  coro<void> tell_all();
  coro<void> receive_more();
  coro<void> tell(request what);
  [[nodiscard]] std::optional<message> message_in(reply&& said);

  client_options options_;
  std::array<std::set<std::string>, 3> wanted_;
  std::shared_ptr<connection> connection_;
  lock sending_;
  std::size_t connections_ = 0;
  unsigned failures_ = 0;
  bool is_pinged_ = false;
  bool is_over_ = false;
};

}  // namespace hocket::redis::detail
