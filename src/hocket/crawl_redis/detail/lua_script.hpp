#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::crawl::detail {

/// One of `scripts`, with `scripts::common` before it: sent once, then called by its digest.
class lua_script {
 public:
  explicit lua_script(std::string_view text);

  /// Its result; errors of the server are thrown (`redis::response_error`), as is what a `redis::call` throws.
  [[nodiscard]] coro<redis::reply> run(redis::client& by, std::string prefix, std::vector<std::string> args);

 private:
  std::string text_;
  std::string digest_;  // as a server has told it
};

}  // namespace hocket::crawl::detail
