#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/event.hpp>

namespace hocket {

/// Some signals, for tasks to wait for: as long as it exists, the process does nothing else with them.
///
///     signal_receiver signals{SIGHUP, SIGTERM};
///     while (const int number = co_await signals.receive()) { ... }
///
/// Those that come before anybody waits are not lost, and each is given to one who waits; of several kinds at once the lowest number
/// comes first. Any number of receivers and loops may want a signal: each gets it. It must outlive those who wait. Belongs to the
/// loop that runs where it is made, and must not outlive it. Callbacks instead: `loop::add_signal_handler`.
/// Counterpart: trio.open_signal_receiver.
class signal_receiver final : private detail::signal_listener {
 public:
  /// Throws std::invalid_argument of no signal at all, or one that cannot be handled.
  explicit signal_receiver(std::span<const int> numbers);
  signal_receiver(std::initializer_list<int> numbers) : signal_receiver(std::span(numbers.begin(), numbers.size())) {}
  ~signal_receiver();
  signal_receiver(const signal_receiver&) = delete;
  signal_receiver& operator=(const signal_receiver&) = delete;

  /// Waits for a signal and gives its number. Throws `cancelled`, and has taken none then.
  [[nodiscard]] coro<int> receive();

  /// The numbers that `receive` gives, without an end.
  [[nodiscard]] async_generator<int> signals();

 private:
  struct kind {
    int number;
    std::size_t waiting = 0;
  };

  void heard(int number) noexcept override;
  [[nodiscard]] std::optional<int> take() noexcept;

  loop& loop_;
  std::vector<kind> kinds_;
  event came_;
};

}  // namespace hocket
