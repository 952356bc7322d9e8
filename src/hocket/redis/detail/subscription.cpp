// Whoever waits for a message reads; what is said to the server goes beside that. Over RESP3 messages are pushes, over RESP2 arrays; both begin with the kind. Consents to what was
// asked, and pongs, are passed over.

#include <exception>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/redis/detail/subscription.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

constexpr std::array<std::string_view, 3> subscribe_to{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"};
constexpr std::array<std::string_view, 3> unsubscribe_from{"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};

}  // namespace

coro<void> subscription::add(keeper, kind what, std::vector<std::string> names) {
  if (is_over_) throw client_closed("the subscriber to Redis is closed");
  if (names.empty()) co_return;
  wanted_[what].insert(names.begin(), names.end());
  co_await tell(request(subscribe_to[what], names));
}

coro<void> subscription::remove(keeper, kind what, std::vector<std::string> names) {
  if (is_over_) throw client_closed("the subscriber to Redis is closed");
  if (names.empty()) wanted_[what].clear();
  for (const std::string& each : names) wanted_[what].erase(each);
  co_await tell(request(unsubscribe_from[what], names));
}

// A failure is seen by whoever reads.
coro<void> subscription::tell(request what) {
  if (connection_ == nullptr) co_return;
  const auto on = connection_;
  std::string bytes;
  what.append_to(bytes);
  const auto turn = co_await sending_.scoped_lock();
  const auto sent = co_await as_result(with_timeout(delay(options_.command_timeout), on->send(bytes)));
  if (sent) co_return;
  on->abort();
  if (is_cancelled(sent.error())) throw cancelled{};
}

coro<std::optional<message>> subscription::next(keeper) {
  while (!is_over_) {
    const auto heard = co_await as_result([this]() -> coro<std::optional<message>> {
      if (connection_ == nullptr) co_await connect();
      for (;;) {
        while (auto said = connection_->next())
          if (auto found = message_in(std::move(*said))) co_return found;
        co_await receive_more();
      }
    });
    if (heard) co_return *heard;
    if (is_cancelled(heard.error())) throw cancelled{};
    if (is_over_) break;
    const bool was_connected = std::exchange(connection_, nullptr) != nullptr;
    if (!was_connected || !mends(heard.error())) std::rethrow_exception(heard.error());
    ++failures_;
  }
  co_return std::nullopt;
}

coro<void> subscription::connect() {
  if (failures_ > 0) co_await sleep(options_.pause.after(failures_));
  for (unsigned attempt = 1;; ++attempt) {
    auto opened = co_await as_result(connection::open(options_));
    if (opened) {
      connection_ = std::move(*opened);
      break;
    }
    if (!mends(opened.error()) || attempt >= options_.connect_attempts) std::rethrow_exception(opened.error());
    co_await sleep(options_.pause.after(attempt));
  }
  if (is_over_) connection_->abort();
  ++connections_;
  is_pinged_ = false;
  try {
    co_await tell_all();
  } catch (...) {
    connection_->abort();
    connection_.reset();
    throw;
  }
}

// Who subscribes meanwhile waits for its turn.
coro<void> subscription::tell_all() {
  const auto on = connection_;
  const auto turn = co_await sending_.scoped_lock();
  std::string bytes;
  for (std::size_t what = channels; what <= shard_channels; ++what)
    if (!wanted_[what].empty()) request(subscribe_to[what], wanted_[what]).append_to(bytes);
  co_await with_timeout(delay(options_.command_timeout), on->send(bytes));
}

// A quiet connection is asked whether it is there.
coro<void> subscription::receive_more() {
  const duration patience = is_pinged_ ? options_.command_timeout : options_.health_check_interval;
  bool is_silent = false;
  try {
    const auto on = connection_;
    co_await with_timeout(delay(patience), on->receive_more());
    is_pinged_ = false;
  } catch (const timeout_error&) {
    is_silent = true;
  }
  if (!is_silent) co_return;
  if (std::exchange(is_pinged_, true)) throw connection_lost("the server says nothing any more");
  co_await tell(request("PING"));
}

std::optional<message> subscription::message_in(reply&& said) {
  said.raise_for_error();
  if (!said.has_items()) return std::nullopt;
  reply::items_type items = std::move(said).items();
  if (items.empty() || !items[0].has_text()) return std::nullopt;
  const std::string& kind = items[0].text();
  failures_ = 0;
  if (kind == "sunsubscribe" && items.size() > 1 && items[1].has_text() &&
      wanted_[shard_channels].contains(items[1].text()))
    throw connection_lost("the channel's slot has moved to another node of the cluster");
  if ((kind == "message" || kind == "smessage") && items.size() == 3)
    return message{.channel = std::move(items[1]).text(), .data = std::move(items[2]).text()};
  if (kind == "pmessage" && items.size() == 4)
    return message{.channel = std::move(items[2]).text(),
                   .pattern = std::move(items[1]).text(),
                   .data = std::move(items[3]).text()};
  return std::nullopt;
}

void subscription::close() noexcept {
  is_over_ = true;
  if (connection_ != nullptr) connection_->abort();
}

}  // namespace hocket::redis::detail
