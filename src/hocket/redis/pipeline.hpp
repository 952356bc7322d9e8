#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/redis/call.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

class client;

/// Commands that are gathered first and then sent together: for one task that has many, since what several tasks ask is sent together anyway.
///
///     redis::pipeline many(store);
///     many.set("a", 1).incr("a").lrange("list", 0, -1);
///     const auto answers = co_await many.execute();
///     answers[1].as<int>();
///
/// Counterpart: Redis.pipeline(transaction=False).
class pipeline : public commands<pipeline> {
 public:
  /// The client must outlive it.
  explicit pipeline(client& by) noexcept : client_(&by) {}
  pipeline(pipeline&&) noexcept = default;
  pipeline& operator=(pipeline&&) noexcept = default;

  template <class... Words>
  pipeline& command(std::string_view name, const Words&... words) {
    return add(request(name, words...));
  }
  pipeline& add(request what) {
    requests_.push_back(std::move(what));
    return *this;
  }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }
  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  void clear() noexcept { requests_.clear(); }
  /// Gives them away.
  [[nodiscard]] std::vector<request> take() noexcept { return std::exchange(requests_, {}); }

  /// Sends them, nobody else's between them, and gives an answer for each, errors too (`reply::raise_for_error`). Afterwards it is empty. Throws what a `call` throws.
  [[nodiscard]] batch_call execute();

  /// The same as one transaction: all of them are run with nobody else's between, or none. Throws the `response_error` of a command that the server would not take
  /// (EXECABORT); what fails while it is run is an answer. Counterpart: Redis.pipeline().
  [[nodiscard]] coro<std::vector<reply>> execute_transaction();

  /// What `commands` make of theirs.
  template <class T>
  pipeline& issue(request what) {
    return add(std::move(what));
  }

 private:
  client* client_;
  std::vector<request> requests_;
};

namespace detail {

/// MULTI, all of them, EXEC.
[[nodiscard]] std::vector<request> as_transaction(std::vector<request> commands);
/// What EXEC has answered: an answer for each command; nil, if a key that was watched has changed. Throws `response_error`.
[[nodiscard]] reply outcome_of_transaction(std::vector<reply> answers);

}  // namespace detail
}  // namespace hocket::redis
