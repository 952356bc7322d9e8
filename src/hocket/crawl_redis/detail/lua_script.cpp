#include <utility>

#include <hocket/crawl_redis/detail/lua_script.hpp>
#include <hocket/crawl_redis/detail/scripts.hpp>

namespace hocket::crawl::detail {

lua_script::lua_script(std::string_view text) : text_(std::string(scripts::common).append(text)) {}

coro<redis::reply> lua_script::run(redis::client& by, std::string prefix, std::vector<std::string> args) {
  const std::vector<std::string> keys(1, std::move(prefix));
  if (digest_.empty()) digest_ = co_await by.script_load(text_);
  try {
    co_return co_await by.evalsha(digest_, keys, args);
  } catch (const redis::response_error& refused) {
    if (refused.code() != "NOSCRIPT") throw;
  }
  co_return co_await by.eval(text_, keys, args);
}

}  // namespace hocket::crawl::detail
