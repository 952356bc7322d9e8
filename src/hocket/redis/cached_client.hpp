#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

namespace detail {
class cached_core;
}

struct cache_options {
  /// Answers that it holds, and about how much memory they take. A larger one is not kept.
  std::size_t max_entries = 10'000;
  std::size_t max_bytes = 16 * 1024 * 1024;
  /// The server tells of all changes to keys that begin so, and only answers about those are kept (BCAST); {""}: of all keys. None: it remembers which keys were read, and tells of those.
  std::vector<std::string> prefixes{};
  /// The server does not tell of what this client itself has written (NOLOOP); the client forgets that by itself.
  bool noloop = false;
};

/// What a cache has done so far, and holds.
struct cache_info {
  std::uint64_t hits;
  std::uint64_t misses;
  /// Keys that the server has told of.
  std::uint64_t invalidations;
  std::size_t entries;
  std::size_t bytes;
};

/// A client that keeps the answers to commands which only read, until the server says that one of their keys has changed (CLIENT TRACKING).
///
///     redis::cached_client store("redis://localhost");
///     co_await store.get("greeting");  // asks
///     co_await store.get("greeting");  // does not
///
/// Kept are answers that depend on nothing but the keys that the command names: GET, MGET, HGETALL, ZRANGE, ...; not those of scripts, scans, chance and time (TTL). An answer whose keys were
/// changed before it was seen is given, but not kept. When the connection is lost all is forgotten.
///
/// What is given may be as old as the way from the server is long; and if the connection is dead without anybody being told, as old as `health_check_interval` and `command_timeout`. Keys that
/// run out of time are told of when the server deletes them. Commands through `uncached` are not looked at, but under `noloop` nobody tells of what they write.
///
/// Belongs to its loop's thread, and must not outlive it. Destroying it aborts. Counterpart: redis.Redis with a cache_config.
/// Source: https://redis.io/docs/latest/develop/reference/client-side-caching/.
class cached_client : public commands<cached_client> {
 public:
  /// Throws std::invalid_argument of RESP2, by which servers cannot say anything unasked.
  explicit cached_client(client_options options, cache_options how = {});
  explicit cached_client(std::string_view url, cache_options how = {});
  cached_client(cached_client&&) noexcept = default;
  cached_client& operator=(cached_client&&) = delete;
  ~cached_client();

  /// Throws what a `call` throws.
  template <class T = reply, class... Words>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> command(std::string_view name, const Words&... words) {
    return run<T>(core_, request(name, words...));
  }
  template <class T = reply>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> execute(request what) {
    return run<T>(core_, std::move(what));
  }

  /// The client below, for pipelines, sessions and all else. Its `on_push` and `on_lost` are taken.
  [[nodiscard]] client& uncached() noexcept;

  [[nodiscard]] cache_info info() const noexcept;
  /// Forgets everything.
  void clear() noexcept;

  /// As the client's.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> close();

  /// What `commands` make of theirs.
  template <class T>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> issue(request what) {
    return run<T>(core_, std::move(what));
  }

 private:
  static coro<reply> ask(std::shared_ptr<detail::cached_core> core, request what);

  template <class T>
  static coro<T> run(std::shared_ptr<detail::cached_core> core, request what) {
    reply answer = co_await ask(std::move(core), std::move(what));
    co_return reply_conversion<T>::from(std::move(answer));
  }

  std::shared_ptr<detail::cached_core> core_;
};

}  // namespace hocket::redis
