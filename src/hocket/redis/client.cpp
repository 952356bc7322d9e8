#include <hocket/redis/client.hpp>
#include <hocket/redis/detail/client_core.hpp>

namespace hocket::redis {

client::client(client_options options) : core_(std::make_shared<detail::client_core>(std::move(options))) {}

client::~client() {
  if (core_ != nullptr) core_->let_go();
}

coro<void> client::close() { return core_->close(core_); }

coro<redis::session> client::session() {
  const auto core = core_;
  auto leased = co_await core->sessions().acquire(core->sessions().shared_from_this());
  co_return redis::session(std::move(leased));
}

void client::abort() noexcept { core_->abort(); }

const client_options& client::options() const noexcept { return core_->options(); }

bool client::is_connected() const noexcept { return core_->is_connected(); }

std::size_t client::in_flight() const noexcept { return core_->in_flight_calls(); }

void client::on_push(function<void(const reply&)> handler) { core_->set_on_push(std::move(handler)); }

void client::on_lost(function<void()> handler) { core_->set_on_lost(std::move(handler)); }

}  // namespace hocket::redis
