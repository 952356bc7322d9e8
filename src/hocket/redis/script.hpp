#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

/// A script in Lua that is sent once and called by its digest from then on.
///
///     redis::script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
///     const int count = co_await add.run<int>(store, {"count"}, 1);
///
/// A server that has forgotten it (NOSCRIPT: it was started anew) is given it again. Counterpart: Redis.register_script.
class script {
 public:
  explicit script(std::string text) noexcept : text_(std::move(text)) {}

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Its result as a `T`. The script and the client must outlive it. Throws what a `call` throws.
  template <class T = reply, class... Args>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> run(client& by, const std::vector<std::string>& keys, const Args&... args) {
    std::vector<std::string> words;
    (words.push_back(word_of(args)), ...);
    return run_as<T>(by, keys, std::move(words));
  }

 private:
  template <class Arg>
  [[nodiscard]] static std::string word_of(const Arg& arg) {
    if constexpr (std::is_arithmetic_v<Arg>)
      return std::to_string(arg);
    else
      return std::string(arg);
  }
  [[nodiscard]] coro<reply> ask(client& by, std::vector<std::string> keys, std::vector<std::string> args);

  template <class T>
  coro<T> run_as(client& by, std::vector<std::string> keys, std::vector<std::string> args) {
    reply answer = co_await ask(by, std::move(keys), std::move(args));
    co_return std::move(answer).template as<T>();
  }

  std::string text_;
  std::string digest_;  // as a server has told it
};

}  // namespace hocket::redis
