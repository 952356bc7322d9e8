#include <exception>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/redis/detail/leased_connection.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {

leased_connection::leased_connection(std::shared_ptr<session_pool> from, std::unique_ptr<connection> made) noexcept
    : pool_(std::move(from)), connection_(std::move(made)) {
  pool_->leased_.push_back(*this);
}

leased_connection::~leased_connection() {
  unlink();
  if (may_be_kept_ && !is_over_ && !is_busy_ && !pool_->is_over_ && connection_->is_open())
    pool_->idle_.push_back(std::move(connection_));
  pool_->slots_.release();
}

void leased_connection::end() noexcept {
  if (is_busy_) abort();
}

void leased_connection::abort() noexcept {
  is_over_ = true;
  connection_->abort();
}

coro<reply> leased_connection::ask(request what, duration blocks) {
  std::string bytes;
  what.append_to(bytes);
  const duration patience = pool_->options().command_timeout;
  const duration limit = blocks > duration::max() - patience ? duration::max() : blocks + patience;
  auto answers = co_await ask_in_time(std::move(bytes), 1, limit);
  co_return std::move(answers.front());
}

coro<std::vector<reply>> leased_connection::ask_all(std::vector<request> what) {
  std::string bytes;
  for (const request& each : what) each.append_to(bytes);
  co_return co_await ask_in_time(std::move(bytes), what.size(), pool_->options().command_timeout);
}

coro<std::vector<reply>> leased_connection::ask_in_time(std::string bytes, std::size_t answers, duration limit) {
  if (is_busy_) throw invalid_state_error("a session of Redis runs one command at a time");
  if (!is_open()) throw connection_lost("the session's connection to Redis has ended");
  is_busy_ = true;
  auto outcome = co_await as_result(with_timeout(delay(limit), exchange(std::move(bytes), answers)));
  is_busy_ = false;
  if (outcome) co_return std::move(*outcome);
  abort();
  throw_as_lost(outcome.error());
}

coro<std::vector<reply>> leased_connection::exchange(std::string bytes, std::size_t answers) {
  co_await connection_->send(bytes);
  std::vector<reply> all;
  all.reserve(answers);
  while (all.size() < answers) {
    reply next = co_await connection_->answer();
    all.push_back(std::move(next));
  }
  co_return all;
}

// ---- the pool

coro<std::shared_ptr<leased_connection>> session_pool::acquire(std::shared_ptr<session_pool> keeper) {
  require_open();
  co_await slots_.acquire();
  std::exception_ptr problem;
  try {
    require_open();
    std::unique_ptr<connection> made = take_idle();
    if (made == nullptr) made = co_await connection::open(options_);
    require_open();
    co_return std::make_shared<leased_connection>(std::move(keeper), std::move(made));
  } catch (...) {
    problem = std::current_exception();
  }
  slots_.release();
  std::rethrow_exception(problem);
}

void session_pool::require_open() const {
  if (is_over_) throw client_closed("the client of Redis is closed");
}

// What has something to say at rest has most likely ended.
std::unique_ptr<connection> session_pool::take_idle() noexcept {
  while (!idle_.empty()) {
    auto last = std::move(idle_.back());
    idle_.pop_back();
    if (!last->has_something_to_read()) return last;
  }
  return nullptr;
}

void session_pool::abort() noexcept {
  is_over_ = true;
  idle_.clear();
  leased_.for_each([](leased_connection& each) { each.abort(); });
}

}  // namespace hocket::redis::detail
