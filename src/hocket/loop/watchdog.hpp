#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <source_location>
#include <thread>
#include <typeinfo>

#include <sys/types.h>

#include <hocket/loop/detail/native_stack.hpp>
#include <hocket/loop/loop_task.hpp>
#include <hocket/loop/stall_detector.hpp>

namespace hocket::detail {

/// What has come of the watch over a loop; outlives the single watchdogs.
struct stall_record {
  std::atomic<std::uint64_t> count{0};
  std::uint64_t untold = 0;  // since the last report
  std::optional<std::chrono::steady_clock::time_point> told_at;
};

/// Where coroutines of a task await, innermost first, as many as there is room for; what is left has line 0.
using await_places = std::array<std::source_location, 8>;

/// What a thread runs at a moment.
struct step {
  loop_task* task = nullptr;             // null: a callback
  await_places from{};                   // where the task waited before
  const std::type_info* kind = nullptr;  // of the node; null: the loop itself is at work
  std::chrono::nanoseconds elsewhere{};  // what was run inside of it
};

/// A thread that looks whether a loop turns, and while it does not, tells standard error what the loop's thread is doing. Exists
/// while the loop is run.
class watchdog {
 public:
  /// On the thread that runs the loop. Throws std::system_error if no thread can be had.
  watchdog(std::chrono::nanoseconds limit, stall_record& record);
  ~watchdog();
  watchdog(const watchdog&) = delete;

  /// The loop is in that turn.
  void turns(std::uint64_t number) noexcept { turn_.store(number, std::memory_order_relaxed); }
  /// It waits for the system.
  void rests() noexcept { turn_.store(0, std::memory_order_relaxed); }

  /// In the handler of the signal by which the watching thread asks: this thread is in `under_way`.
  void answer(const step& under_way) noexcept;

 private:
  enum class question : std::uint8_t { none, asked, taken, answered, over };
  enum class answered : std::uint8_t { no, yes, is_over };

  /// What the handler has seen.
  struct glimpse {
    bool is_task = false;
    std::array<char, 64> name;
    std::size_t name_size = 0;
    await_places from;
    std::source_location made;
    const std::type_info* kind = nullptr;
    native_stack stack;
  };

  void watch();
  void look();
  /// Tells of `turn`, which has lasted that long. False: it is over.
  [[nodiscard]] bool tell(std::uint64_t turn, std::chrono::nanoseconds lasted);
  /// What the loop's thread does; yes: `seen_` says it. Waits for a second at most.
  [[nodiscard]] answered ask(std::uint64_t turn);
  [[nodiscard]] std::string describe_step() const;

  stall_detector detector_;
  stall_record& record_;
  const pid_t process_;
  const pid_t thread_of_loop_;
  std::atomic<std::uint64_t> turn_{0};
  std::uint64_t counted_turn_ = 0;
  std::atomic<question> question_{question::none};
  std::uint64_t turn_asked_of_ = 0;
  glimpse seen_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of these
};

}  // namespace hocket::detail
