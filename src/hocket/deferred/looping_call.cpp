#include <algorithm>
#include <optional>
#include <utility>

#include <hocket/core/cancelled.hpp>
#include <hocket/deferred/looping_call.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

class looping_call::state : public std::enable_shared_from_this<state> {
 public:
  explicit state(function<deferred<>()> work) : work_(std::move(work)) {}

  deferred<> start(duration interval, bool now) {
    if (is_running_) throw invalid_state_error("a looping call was started that runs");
    if (whole_) throw invalid_state_error("a looping call was started before its last call had ended");
    interval_ = std::max(interval, duration::zero());
    begun_ = loop::running().time();
    passed_ = now ? -1 : 0;
    is_running_ = true;
    is_cancelled_ = false;
    const deferred<> result = deferred<>::answering_late([mine = weak_from_this()] {
      if (const auto still = mine.lock()) still->cancel();
    });
    whole_ = result;
    if (now)
      call();
    else
      schedule();
    return result;
  }
  void stop() {
    if (!is_running_) throw invalid_state_error("a looping call was stopped that does not run");
    halt();
    if (!is_calling_) end();
  }
  [[nodiscard]] bool running() const noexcept { return is_running_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  /// Whole intervals since the beginning.
  [[nodiscard]] std::int64_t passed_now() const {
    return interval_ > duration::zero() ? (loop::running().time() - begun_) / interval_ : passed_ + 1;
  }

  /// What is under way is asked to end, and waited for.
  void cancel() {
    halt();
    is_cancelled_ = true;
    if (!is_calling_)
      end();
    else if (under_way_)
      under_way_->cancel();
  }
  void halt() {
    is_running_ = false;
    std::exchange(timer_, {}).cancel();
  }
  /// Gives the run its result. It may be started again from there.
  void end(std::exception_ptr error = nullptr) {
    const deferred<> whole = *std::exchange(whole_, std::nullopt);
    if (!error && is_cancelled_) error = std::make_exception_ptr(cancelled{});
    if (error)
      whole.errback(std::move(error));
    else
      whole.callback();
  }

  void call() {
    timer_ = {};  // which holds what holds this
    const std::int64_t now = passed_now();
    count_ = static_cast<std::uint64_t>(now - passed_);
    passed_ = now;
    const auto self = shared_from_this();
    is_calling_ = true;
    const deferred<> ended = maybe_deferred([self] { return self->work_(); })
                                 .add_callbacks([self] { self->called(nullptr); },
                                                [self](const std::exception_ptr& error) { self->called(error); });
    if (ended.called()) return;
    under_way_ = ended;
    if (is_cancelled_) ended.cancel();  // while it began
  }
  void called(const std::exception_ptr& error) {
    is_calling_ = false;
    under_way_.reset();
    if (error) halt();
    if (is_running_)
      schedule();
    else
      end(error);
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
  std::optional<deferred<>> under_way_;  // unless it has ended within its call
  duration interval_{};
  time_point begun_{};
  std::int64_t passed_ = 0;  // intervals, at the last call
  std::uint64_t count_ = 0;
  handle timer_;
  bool is_running_ = false;
  bool is_calling_ = false;
  bool is_cancelled_ = false;
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
