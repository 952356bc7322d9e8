#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <new>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/detail/child_record.hpp>
#include <hocket/io/poll_operation.hpp>

namespace hocket::detail {

namespace {

constexpr int unknown_returncode = 255;  // as in asyncio
constexpr duration shortest_pause = std::chrono::milliseconds(1);
constexpr duration longest_pause = std::chrono::milliseconds(100);

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
  const int error = returncode_ ? 0 : signal_child(end_.number(), SIGKILL);
  signal_group(SIGKILL);
  if (returncode_ && has_number_) static_cast<void>(reap());
  if (error == EPERM && deaf_ != nullptr) deaf_->cancel();
}

coro<int> child_record::wait(record_ref<child_record> self) {
  while (!self->returncode_) co_await self->ended_.wait();
  co_return *self->returncode_;
}

coro<void> child_record::watch(record_ref<child_record> self) {
  cancel_scope deaf({.shield = true});
  self->deaf_ = &deaf;
  co_await deaf.run(until_reaped(*self));
  self->deaf_ = nullptr;
  if (self->returncode_) co_return;
  loop::running().call_exception_handler({.message = fmt::format("child {} may not be killed, and runs on: {}",
                                                                 self->pid_, std::generic_category().message(EPERM))});
  co_await until_reaped(*self);
}

// Where the system lacks memory to tell when it has ended, it is looked at now and then. And when it has died, a debugger, or the
// system itself, may have it for a while.
coro<void> child_record::until_reaped(child_record& self) {
  static_cast<void>(co_await as_expected(poll_operation(self.end_.record(), POLLIN)));
  for (duration pause = shortest_pause; !self.reap(); pause = std::min(2 * pause, longest_pause)) {
    bool has_slept = false;
    try {
      co_await sleep(pause);
      has_slept = true;
    } catch (const std::bad_alloc&) {  // no memory for a timer
    }
    if (!has_slept) co_await sleep(duration::zero());
  }
}

// The first time when it has ended, and once more if its number was kept.
bool child_record::reap() noexcept {
  const bool keeps_number = whole_group_ && owned_;
  const child_end how = reap_child(end_.number(), keeps_number ? reaping::peek : reaping::last);
  if (how.is == child_end::state::not_yet) return false;
  const bool is_known = how.is == child_end::state::known;
  has_number_ = keeps_number && is_known;
  if (!has_number_) end_.close();
  if (returncode_) return true;
  returncode_ = is_known ? how.returncode : unknown_returncode;
  ended_.set();
  return true;
}

}  // namespace hocket::detail
