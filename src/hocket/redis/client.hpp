#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/call.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/redis/session.hpp>
#include <hocket/redis/stream_entry.hpp>

namespace hocket::redis {

namespace detail {
class cluster_node;
}

/// The key of a list, and an item that was taken from it.
using list_item = std::pair<std::string, std::string>;

/// A client of a server of Redis: one connection, which all tasks of its loop share.
///
///     redis::client store("redis://localhost/0");
///     co_await store.set("greeting", "hello");
///     std::optional<std::string> text = co_await store.get("greeting");
///     auto scores = co_await store.command<std::map<std::string, double>>("HGETALL", "scores");
///
/// It connects when the first command wants it to, and again after the connection was lost. Commands go to the server in the order in
/// which they were awaited, without waiting for the answers of those before; what the tasks of one turn ask goes out in one send. While
/// `max_in_flight` of them are unanswered more wait in line. A command that was sent when the connection was lost fails with `connection_lost`,
/// for nobody knows whether the server has run it; those that are idempotent, and those that were not sent yet, go out by the next
/// connection.
///
/// What changes the state of a connection (SELECT, MULTI, WATCH, SUBSCRIBE, CLIENT REPLY) or blocks it (BLPOP) must not be sent by it: all others would
/// feel it. Belongs to its loop's thread, and must not outlive it. Destroying it aborts.
/// Counterpart: redis.asyncio.Redis.
class client : public commands<client> {
 public:
  explicit client(client_options options = {});
  /// See `options_from_url`.
  explicit client(std::string_view url, client_options others = {})
      : client(options_from_url(url, std::move(others))) {}
  client(client&&) noexcept = default;
  client& operator=(client&&) = delete;
  ~client();

  /// Any command with any arguments (see `request`): `co_await store.command("OBJECT", "ENCODING", key)`. Its answer as a `T`.
  /// Counterpart: Redis.execute_command.
  template <class T = reply, class... Words>
  [[nodiscard]] call<T> command(std::string_view name, const Words&... words) {
    return execute<T>(request(name, words...));
  }
  template <class T = reply>
  [[nodiscard]] call<T> execute(request what) {
    return call<T>(core_, std::move(what));
  }
  /// All of them side by side, nobody else's between them; their answers in order, errors too.
  [[nodiscard]] batch_call execute(std::vector<request> what) { return batch_call(core_, std::move(what)); }

  // These wait at the server for `timeout`, for ever if it is 0, each on a connection of its own (`session`). The answer to one that is cancelled, or whose connection
  // is lost, is lost, and with it an item that the server had taken out already.

  /// The first item of the first of these lists that has one, with its key; nothing: none had any.
  [[nodiscard]] coro<std::optional<list_item>> blpop(std::vector<std::string> keys, delay timeout);
  [[nodiscard]] coro<std::optional<list_item>> brpop(std::vector<std::string> keys, delay timeout);
  /// From the back of one list to the front of another: who fails before the item is worked on finds it there.
  [[nodiscard]] coro<std::optional<std::string>> brpoplpush(std::string from, std::string to, delay timeout);
  /// Entries of streams behind an id of each: `{{"events", "$"}}`, whose `$` is what is the last one now.
  [[nodiscard]] coro<stream_entries> xread(std::vector<std::pair<std::string, std::string>> behind,
                                           stream_read_options how = {});
  /// The same for a consumer of a group: `{{"events", ">"}}` are those that no consumer was given yet.
  [[nodiscard]] coro<stream_entries> xreadgroup(std::string group, std::string consumer,
                                                std::vector<std::pair<std::string, std::string>> behind,
                                                stream_read_options how = {});

  /// A connection for the caller alone. Waits while there are `max_sessions`. Throws as connecting does: `connection_lost`, `response_error`; `client_closed`, `cancelled`.
  [[nodiscard]] coro<redis::session> session();

  /// Takes no more commands (`client_closed`), waits for the answers to those that were taken, `close_timeout` at most, and closes the connection; what is left
  /// then fails with `client_closed`, and what goes on in sessions with `connection_lost`. Cancelled, it does not wait for answers. Counterpart: aclose.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> close();
  /// The same at once.
  void abort() noexcept;

  [[nodiscard]] const client_options& options() const noexcept;
  [[nodiscard]] bool is_connected() const noexcept;
  /// Commands that were sent and not answered.
  [[nodiscard]] std::size_t in_flight() const noexcept;

  /// Calls `handler` with what the server says unasked (`reply_kind::push`), in passing: it must neither throw nor wait.
  void on_push(function<void(const reply&)> handler);
  /// Calls `handler` whenever a connection was lost: what the server had told of it holds no more.
  void on_lost(function<void()> handler);

  /// What `commands` make of theirs.
  template <class T>
  [[nodiscard]] call<T> issue(request what) {
    return execute<T>(std::move(what));
  }

 private:
  friend class detail::cluster_node;

  [[nodiscard]] coro<reply> ask_blocking(request what, duration timeout);
  static void add_streams(request& to, const std::vector<std::pair<std::string, std::string>>& behind,
                          const stream_read_options& how);

  std::shared_ptr<detail::client_core> core_;
};

}  // namespace hocket::redis
