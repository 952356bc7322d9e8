#include <hocket/core/cancelled.hpp>
#include <hocket/deferred/cooperator.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {
namespace {

/// Kept by the callback that takes its next step, or by what it waits for.
class iteration : public std::enable_shared_from_this<iteration> {
 public:
  explicit iteration(generator<deferred<>> steps) : steps_(std::move(steps)) {}

  [[nodiscard]] deferred<> begin() {
    whole_ = deferred<>::answering_late([mine = weak_from_this()] {
      if (const auto still = mine.lock()) still->stop();
    });
    schedule();
    return *whole_;
  }

 private:
  void schedule() {
    turn_ = loop::running().call_soon([self = shared_from_this()] { self->step(); });
  }

  void step() {
    turn_ = {};  // which holds what holds this
    try {
      const std::optional<deferred<>> next = steps_.next();
      if (!next) {
        whole_->callback();
        return;
      }
      const deferred<> waits =
          next->add_callbacks([self = shared_from_this()] { self->go_on(); },
                              [self = shared_from_this()](const std::exception_ptr& error) { self->fail(error); });
      if (!waits.called()) waits_for_ = waits;
    } catch (...) {
      fail(std::current_exception());
    }
  }
  void go_on() {
    waits_for_.reset();
    if (is_stopped_)
      fail(std::make_exception_ptr(cancelled{}));
    else
      schedule();
  }
  void fail(std::exception_ptr error) {
    if (!whole_->called()) whole_->errback(std::move(error));
  }
  // What it waits for is asked to end, and then goes on to say so.
  void stop() {
    is_stopped_ = true;
    std::exchange(turn_, {}).cancel();
    if (waits_for_)
      waits_for_->cancel();
    else
      fail(std::make_exception_ptr(cancelled{}));
  }

  generator<deferred<>> steps_;
  std::optional<deferred<>> whole_;
  std::optional<deferred<>> waits_for_;
  handle turn_;
  bool is_stopped_ = false;
};

}  // namespace

deferred<> coiterate(generator<deferred<>> steps) { return std::make_shared<iteration>(std::move(steps))->begin(); }

}  // namespace hocket
