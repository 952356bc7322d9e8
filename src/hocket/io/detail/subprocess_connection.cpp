// One task a child waits for its end and for that of its pipes, each of which has a task of its own. When it is cancelled, as at
// the end of a run, it kills the child and then waits all the same: that is soon.

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/io/detail/protocol_task.hpp>
#include <hocket/io/detail/subprocess_connection.hpp>
#include <hocket/io/subprocess_transport.hpp>

namespace hocket::detail {

// A child that may not be killed (EPERM) does not hold up the end of a run for longer.
static constexpr duration longest_end = std::chrono::seconds(5);

class subprocess_connection::pipe_protocol final : public protocol {
 public:
  pipe_protocol(record_ref<subprocess_connection> owner, int number) noexcept
      : owner_(std::move(owner)), number_(number) {}

  void data_received(std::string_view bytes) override {
    const std::shared_ptr<subprocess_protocol> whom = owner_->protocol_;
    whom->pipe_data_received(number_, bytes);
  }
  void connection_lost(std::exception_ptr error) override {
    tell(owner_->protocol_, "subprocess_protocol.pipe_connection_lost() failed",
         [&](auto& whom) { whom.pipe_connection_lost(number_, error); });
    --owner_->open_pipes_;
    owner_->pipe_lost_.set();
  }
  void pause_writing() override {
    if (const auto whom = owner_->protocol_) whom->pause_writing();
  }
  void resume_writing() override {
    if (const auto whom = owner_->protocol_) whom->resume_writing();
  }

 private:
  record_ref<subprocess_connection> owner_;
  int number_;
};

const transport& subprocess_connection::pipe(int number) const {
  if (number < 0 || number > 2)
    throw std::invalid_argument("the pipes of a child are 0, 1 and 2, not " + std::to_string(number));
  return pipes_[static_cast<std::size_t>(number)];
}

void subprocess_connection::close() noexcept {
  if (std::exchange(closing_, true)) return;
  for (const transport& each : pipes_)
    if (each) each.abort();
  owner_.let_go();
}

void subprocess_connection::begin(started_child started) {
  record_ = started.child.record();
  owner_ = std::move(started.child);
  retain();
  const record_ref<subprocess_connection> self(this);
  for (int number = 0; number < 3; ++number) {
    byte_stream& pipe = started.pipes[static_cast<std::size_t>(number)];
    if (!pipe.is_open()) continue;
    using enum transport_connection::direction;
    pipes_[static_cast<std::size_t>(number)] = begin_transport(
        std::move(pipe), std::make_shared<pipe_protocol>(self, number), number == 0 ? only_writes : both);
    ++open_pipes_;
  }
}

coro<void> subprocess_connection::until_gone() {
  co_await child_record::wait(record_);
  if (!std::exchange(exit_told_, true))
    tell(protocol_, "subprocess_protocol.process_exited() failed", [](auto& whom) { whom.process_exited(); });
  while (open_pipes_ > 0) {
    pipe_lost_.clear();
    co_await pipe_lost_.wait();
  }
}

coro<void> subprocess_connection::run(record_ref<subprocess_connection> self, started_child started) {
  try {
    self->begin(std::move(started));
  } catch (...) {  // for want of memory: nobody has been told of anything
    self->protocol_ = nullptr;
    self->close();
    throw;
  }
  subprocess_transport shown(self);
  tell(self->protocol_, "subprocess_protocol.connection_made() failed",
       [&](auto& whom) { whom.connection_made(shown); });
  std::exception_ptr cancelled;
  try {
    co_await self->until_gone();
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (cancelled) {
    self->close();
    cancel_scope deaf({.deadline = loop::running().time_after(longest_end), .shield = true});
    co_await deaf.run(self->until_gone());
  }
  self->closing_ = true;
  tell(self->protocol_, "subprocess_protocol.connection_lost() failed",
       [](auto& whom) { whom.connection_lost(nullptr); });
  self->protocol_ = nullptr;
  if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace hocket::detail
