#include <utility>

#include <hocket/redis/detail/subscription.hpp>
#include <hocket/redis/subscriber.hpp>

namespace hocket::redis {

using detail::subscription;

subscriber::subscriber(client_options options) : state_(std::make_shared<subscription>(std::move(options))) {}

subscriber::~subscriber() {
  if (state_ != nullptr) state_->close();
}

coro<void> subscriber::subscribe(std::vector<std::string> channels) {
  return state_->add(state_, subscription::channels, std::move(channels));
}

coro<void> subscriber::unsubscribe(std::vector<std::string> channels) {
  return state_->remove(state_, subscription::channels, std::move(channels));
}

coro<void> subscriber::psubscribe(std::vector<std::string> patterns) {
  return state_->add(state_, subscription::patterns, std::move(patterns));
}

coro<void> subscriber::punsubscribe(std::vector<std::string> patterns) {
  return state_->remove(state_, subscription::patterns, std::move(patterns));
}

coro<void> subscriber::ssubscribe(std::vector<std::string> channels) {
  return state_->add(state_, subscription::shard_channels, std::move(channels));
}

coro<void> subscriber::sunsubscribe(std::vector<std::string> channels) {
  return state_->remove(state_, subscription::shard_channels, std::move(channels));
}

coro<std::optional<message>> subscriber::next() { return state_->next(state_); }

async_generator<message> subscriber::listen() {
  while (auto said = co_await next()) co_yield std::move(*said);
}

std::size_t subscriber::reconnections() const noexcept { return state_->reconnections(); }

void subscriber::close() noexcept { state_->close(); }

}  // namespace hocket::redis
