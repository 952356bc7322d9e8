#include <utility>

#include <hocket/redis/detail/leased_connection.hpp>
#include <hocket/redis/session.hpp>

namespace hocket::redis {

session::~session() {
  if (connection_ != nullptr) connection_->end();
}

coro<std::vector<reply>> session::execute(std::vector<request> what) {
  const auto on = connection_;
  co_return co_await on->ask_all(std::move(what));
}

bool session::is_open() const noexcept { return connection_ != nullptr && connection_->is_open(); }

void session::keep() noexcept { connection_->keep(); }

coro<reply> session::ask(std::shared_ptr<detail::leased_connection> on, request what, duration blocks) {
  co_return co_await on->ask(std::move(what), blocks);
}

}  // namespace hocket::redis
