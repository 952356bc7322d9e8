#include <algorithm>
#include <utility>

#include <hocket/loop/loop.hpp>
#include <hocket/redis/call.hpp>
#include <hocket/redis/detail/client_core.hpp>

namespace hocket::redis {
namespace detail {

call_base::call_base(std::shared_ptr<client_core> by) noexcept : waiter_at(*by), core_(std::move(by)) {}

void call_base::await_suspend(std::coroutine_handle<> waiter) {
  core_->expect_call();
  asked_ = loop::running().turn_time();
  line_up(waiter, core_->line());
}

bool call_base::stop() noexcept {
  if (is_in_flight_)
    core_->withdraw(*this);
  else
    unlink();
  core_->tell_if_idle();
  wake_stopped();
  return true;
}

void call_base::settle() {
  if (was_stopped()) resumed();
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace detail

std::size_t batch_call::size() const noexcept {
  std::size_t bytes = 0;
  for (const request& each : requests_) bytes += each.size();
  return bytes;
}

bool batch_call::is_idempotent() const noexcept {
  return std::ranges::all_of(requests_, [](const request& each) { return each.is_idempotent(); });
}

void batch_call::append_to(std::string& bytes) const {
  for (const request& each : requests_) each.append_to(bytes);
}

}  // namespace hocket::redis
