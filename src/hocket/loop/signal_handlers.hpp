#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <hocket/loop/context.hpp>
#include <hocket/loop/ready_node.hpp>

namespace hocket {

class loop;

namespace detail {

/// The system's numbers are 1 to 64.
inline constexpr std::size_t signal_numbers = 65;

/// Who is told of signals, on the loop's thread, and then neither adds nor removes anybody.
class signal_listener {
 public:
  virtual void heard(int number) noexcept = 0;

 protected:
  ~signal_listener() = default;
};

/// The signals of one loop: what its tasks and callbacks have to do with the handler of the process, which runs on any thread at
/// any point. Belongs to the loop's thread but for `came`.
class signal_handlers final : public ready_node {
 public:
  explicit signal_handlers(loop& owner) noexcept;
  ~signal_handlers();

  /// Replaces the callback for `number`. Throws std::invalid_argument, std::system_error.
  void set_callback(int number, std::move_only_function<void()> function);
  /// False if there was none.
  bool remove_callback(int number) noexcept;
  /// Throws likewise.
  void add(int number, signal_listener& told);
  /// No effect if it is not there.
  void remove(int number, signal_listener& told) noexcept;
  /// Nobody is told any more: the loop ends.
  void clear() noexcept;

  /// Whether somebody will be told of any.
  [[nodiscard]] bool is_wanted() const noexcept {
    return !subscriptions_.empty() || std::ranges::any_of(callbacks_, [](const auto& each) { return each != nullptr; });
  }

  /// In the handler of the process.
  void came(int number) noexcept;
  /// Tells of one of each: what came more often is left for the next turn.
  void run() noexcept override;

  /// Its place in the line of those who want a signal, which is the handler's to read at any time.
  struct place {
    std::atomic<place*> next{nullptr};
    signal_handlers* owner = nullptr;
  };

 private:
  class callback;
  struct subscription {
    int number;
    signal_listener* told;
  };

  [[nodiscard]] bool is_heard(int number) const noexcept;
  void want(int number);
  void want_no_more(int number) noexcept;
  [[nodiscard]] std::shared_ptr<callback> callback_for(int number) const noexcept;

  loop& loop_;
  std::vector<std::shared_ptr<callback>> callbacks_;
  std::vector<subscription> subscriptions_;  // in the order in which they came
  std::array<place, signal_numbers> places_;
  std::array<std::atomic<std::uint32_t>, signal_numbers> untold_{};  // how many of each have come
  std::atomic<std::uint64_t> pending_{0};                            // bit n: there are some of number n + 1
  std::atomic<bool> posted_{false};
};

}  // namespace detail
}  // namespace hocket
