#include <utility>

#include <hocket/redis/script.hpp>

namespace hocket::redis {

coro<reply> script::ask(client& by, std::vector<std::string> keys, std::vector<std::string> args) {
  if (digest_.empty()) digest_ = co_await by.script_load(text_);
  try {
    co_return co_await by.evalsha(digest_, keys, args);
  } catch (const response_error& refused) {
    if (refused.code() != "NOSCRIPT") throw;
  }
  co_return co_await by.eval(text_, keys, args);
}

}  // namespace hocket::redis
