#include <csignal>

#include <poll.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/io/detail/child_record.hpp>

namespace hocket::detail {

namespace {

constexpr int unknown_returncode = 255;  // as in asyncio

class poll_operation final : public io_awaitable<poll_operation, void> {
 public:
  static constexpr const char* name = "poll";
  explicit poll_operation(descriptor* target) noexcept : io_awaitable(io_op::poll, target) { request_.flags = POLLIN; }
  void convert(std::int32_t) noexcept {}
};

}  // namespace

child_record::child_record(child_process started, bool whole_group)
    : end_(started.release_pidfd()), pid_(started.pid()), whole_group_(whole_group) {}

void child_record::signal(int number) noexcept {
  if (!returncode_) signal_child(end_.number(), number);
}

void child_record::signal_group(int number) noexcept {
  if (whole_group_ && has_number_) ::kill(-pid_, number);
}

void child_record::let_go() noexcept {
  owned_ = false;
  signal(SIGKILL);
  signal_group(SIGKILL);
  if (returncode_ && has_number_) has_ended();
}

coro<int> child_record::wait(record_ref<child_record> self) {
  while (!self->returncode_) co_await self->ended_.wait();
  co_return *self->returncode_;
}

coro<void> child_record::watch(record_ref<child_record> self) {
  cancel_scope deaf({.shield = true});
  const auto end = [&]() -> coro<bool> {
    const auto answer = co_await as_expected(poll_operation(self->end_.record()));
    co_return answer.has_value();
  };
  const auto is_told = co_await deaf.run(end);
  if (!is_told.value_or(false)) self->let_go();  // the system lacks memory: then it is waited for here
  self->has_ended();
}

// The first time when it has ended, and once more if its number was kept.
void child_record::has_ended() noexcept {
  const bool keeps_number = whole_group_ && owned_;
  const auto how = reap_child(end_.number(), keeps_number ? reaping::peek : reaping::last);
  has_number_ = keeps_number && how.has_value();
  if (!has_number_) end_.close();
  if (returncode_) return;
  returncode_ = how.value_or(unknown_returncode);
  ended_.set();
}

}  // namespace hocket::detail
