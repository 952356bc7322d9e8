// Commands that wait at the server, each on a connection of its own: on the shared one they would hold up everybody.

#include <chrono>
#include <utility>

#include <hocket/redis/client.hpp>

namespace hocket::redis {
namespace {

// As the server wants it: seconds, 0 for ever.
double seconds(duration timeout) { return std::chrono::duration<double>(timeout).count(); }

}  // namespace

coro<reply> client::ask_blocking(request what, duration timeout) {
  redis::session own = co_await session();
  reply answer = co_await own.execute_blocking(std::move(what), timeout > duration::zero() ? timeout : duration::max());
  own.keep();
  co_return answer;
}

coro<std::optional<list_item>> client::blpop(std::vector<std::string> keys, delay timeout) {
  const reply answer = co_await ask_blocking(request("BLPOP", keys, seconds(timeout)), timeout);
  co_return answer.as<std::optional<list_item>>();
}

coro<std::optional<list_item>> client::brpop(std::vector<std::string> keys, delay timeout) {
  const reply answer = co_await ask_blocking(request("BRPOP", keys, seconds(timeout)), timeout);
  co_return answer.as<std::optional<list_item>>();
}

coro<std::optional<std::string>> client::brpoplpush(std::string from, std::string to, delay timeout) {
  const reply answer = co_await ask_blocking(request("BRPOPLPUSH", from, to, seconds(timeout)), timeout);
  co_return answer.as<std::optional<std::string>>();
}

coro<stream_entries> client::xread(std::vector<std::pair<std::string, std::string>> behind, stream_read_options how) {
  request what("XREAD");
  add_streams(what, behind, how);
  const reply answer = co_await ask_blocking(std::move(what), how.block.value_or(std::chrono::milliseconds(1)));
  co_return answer.as<stream_entries>();
}

coro<stream_entries> client::xreadgroup(std::string group, std::string consumer,
                                        std::vector<std::pair<std::string, std::string>> behind,
                                        stream_read_options how) {
  request what("XREADGROUP", "GROUP", group, consumer);
  add_streams(what, behind, how);
  const reply answer = co_await ask_blocking(std::move(what), how.block.value_or(std::chrono::milliseconds(1)));
  co_return answer.as<stream_entries>();
}

void client::add_streams(request& to, const std::vector<std::pair<std::string, std::string>>& behind,
                         const stream_read_options& how) {
  if (how.count > 0) to.add("COUNT", how.count);
  if (how.block) to.add("BLOCK", how.block->count());
  to.add("STREAMS");
  for (const auto& [key, id] : behind) to.add(key);
  for (const auto& [key, id] : behind) to.add(id);
}

}  // namespace hocket::redis
