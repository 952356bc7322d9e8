#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

namespace detail {
class leased_connection;
}

/// A connection for one task alone, for what a shared one must not be told: commands that block it (BLPOP, XREAD with BLOCK, WAIT) or change its state (WATCH, MULTI,
/// SELECT). `client::session` gives it.
///
/// One command at a time. A command that is cancelled, runs out of time or fails otherwise than by the server's answer ends the connection, and further ones fail with
/// `connection_lost`; nothing is sent again. Destroying it closes the connection.
class session : public commands<session> {
 public:
  explicit session(std::shared_ptr<detail::leased_connection> of) noexcept : connection_(std::move(of)) {}
  session(session&&) noexcept = default;
  session& operator=(session&&) noexcept = default;
  ~session();

  /// Throws what a `call` throws.
  template <class T = reply, class... Words>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> command(std::string_view name, const Words&... words) {
    return run<T>(connection_, request(name, words...), duration::zero());
  }
  template <class T = reply>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> execute(request what) {
    return run<T>(connection_, std::move(what), duration::zero());
  }
  /// The same for one that the server may answer so much later: in that time and `command_timeout`.
  template <class T = reply>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> execute_blocking(request what, duration blocks) {
    return run<T>(connection_, std::move(what), blocks);
  }
  /// All of them in one send; their answers, errors too.
  [[nodiscard]] coro<std::vector<reply>> execute(std::vector<request> what);

  [[nodiscard]] bool is_open() const noexcept;
  /// It is in the state in which it was given: when this object goes, the next one may have the connection.
  void keep() noexcept;

  /// What `commands` make of theirs.
  template <class T>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> issue(request what) {
    return execute<T>(std::move(what));
  }

 private:
  static coro<reply> ask(std::shared_ptr<detail::leased_connection> on, request what, duration blocks);

  template <class T>
  static coro<T> run(std::shared_ptr<detail::leased_connection> on, request what, duration blocks) {
    reply answer = co_await ask(std::move(on), std::move(what), blocks);
    answer.raise_for_error();
    co_return reply_conversion<T>::from(std::move(answer));
  }

  std::shared_ptr<detail::leased_connection> connection_;
};

}  // namespace hocket::redis
