#include <algorithm>
#include <optional>
#include <utility>

#include <hocket/deferred/looping_call.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

class looping_call::state : public std::enable_shared_from_this<state> {
 public:
  explicit state(function<deferred<>()> work) : work_(std::move(work)) {}

  deferred<> start(duration interval, bool now) {
    if (running()) throw invalid_state_error("a looping call was started that runs");
    interval_ = std::max(interval, duration::zero());
    begun_ = loop::running().time();
    passed_ = now ? -1 : 0;
    whole_.emplace([mine = weak_from_this()] {
      if (const auto still = mine.lock()) still->end();
    });
    const deferred<> result = *whole_;
    if (now)
      call();
    else
      schedule();
    return result;
  }
  void stop() {
    if (!running()) throw invalid_state_error("a looping call was stopped that does not run");
    end()->callback();
  }
  /// Takes the deferred of this run away: what is under way belongs to none any more.
  std::optional<deferred<>> end() {
    std::exchange(timer_, {}).cancel();
    ++run_;
    return std::exchange(whole_, std::nullopt);
  }
  [[nodiscard]] bool running() const noexcept { return whole_.has_value(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  /// Whole intervals since the beginning.
  [[nodiscard]] std::int64_t passed_now() const {
    return interval_ > duration::zero() ? (loop::running().time() - begun_) / interval_ : passed_ + 1;
  }

  void call() {
    timer_ = {};  // which holds what holds this
    const std::int64_t now = passed_now();
    count_ = static_cast<std::uint64_t>(now - passed_);
    passed_ = now;
    const auto self = shared_from_this();
    const std::uint64_t mine = run_;
    maybe_deferred([self] { return self->work_(); })
        .add_callbacks(
            [self, mine] {
              if (mine == self->run_) self->schedule();
            },
            [self, mine](const std::exception_ptr& error) {
              if (mine == self->run_) self->end()->errback(error);
            });
  }
  void schedule() {
    const auto self = shared_from_this();
    if (interval_ > duration::zero())
      timer_ = loop::running().call_at(begun_ + (passed_now() + 1) * interval_, [self] { self->call(); });
    else
      timer_ = loop::running().call_soon([self] { self->call(); });
  }

  function<deferred<>()> work_;
  std::optional<deferred<>> whole_;
  duration interval_{};
  time_point begun_{};
  std::int64_t passed_ = 0;  // intervals, at the last call
  std::uint64_t count_ = 0;
  std::uint64_t run_ = 0;
  handle timer_;
};

looping_call::looping_call(function<deferred<>()> work) : state_(std::make_shared<state>(std::move(work))) {}
looping_call::~looping_call() {
  if (running()) stop();
}

deferred<> looping_call::start(delay interval, bool now) { return state_->start(interval, now); }
void looping_call::stop() { state_->stop(); }
bool looping_call::running() const noexcept { return state_->running(); }
std::uint64_t looping_call::count() const noexcept { return state_->count(); }

}  // namespace hocket
