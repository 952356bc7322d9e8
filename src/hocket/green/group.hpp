#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/core/task.hpp>
#include <hocket/green/join.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::green {

/// Green threads that are waited for or cancelled together. Those that have ended are forgotten; one that fails disturbs no other, for
/// whom that is wanted there are task groups. The members go on when it goes. Counterpart: gevent.pool.Group.
class group {
  template <class Function, class Range>
  using outcome = std::invoke_result_t<Function&, std::ranges::range_value_t<Range>>;

 public:
  group() = default;
  group(const group&) = delete;

  /// As `green::spawn`, and a member. A `pool` that is full is waited for.
  template <std::invocable Function>
  auto spawn(Function function, const spawn_options& options = {}) {
    auto made = green::spawn(occupying(std::move(function), take_place()), options);
    add(made);
    return made;
  }

  /// Makes a task, green or not, a member; it takes no place.
  void add(any_task member) {
    if (members_.size() == members_.capacity()) forget_ended();
    members_.push_back(std::move(member));
  }

  /// Members that have not ended.
  [[nodiscard]] std::size_t size() {
    forget_ended();
    return members_.size();
  }

  /// Waits until no member is left, those included that are made meanwhile.
  void join() {
    while (size() > 0) joinall(members_);
  }
  /// The same for at most `limit`. False: some are left.
  [[nodiscard]] bool join(delay limit) {
    const time_point end = loop::running().time_after(limit);
    while (size() > 0)
      if (!joinall(members_, end - loop::running().time())) return false;
    return true;
  }
  /// Cancels all members and waits until they have ended.
  void kill() {
    forget_ended();
    killall(std::exchange(members_, {}));
  }

  /// Calls `function` for each item, each call in a member, and gives what they return, in the order of the items. What the first of them
  /// in that order throws is thrown, after all have ended.
  template <class Function, std::ranges::input_range Range>
  auto map(Function function, Range&& items) {
    auto begun = begin_all(function, std::forward<Range>(items));
    joinall(begun);
    if constexpr (std::is_void_v<outcome<Function, Range>>) {
      for (auto& each : begun) wait(std::move(each));
    } else {
      std::vector<outcome<Function, Range>> values;
      values.reserve(begun.size());
      for (auto& each : begun) values.push_back(wait(std::move(each)));
      return values;
    }
  }

  /// The same, value by value, each when it is asked for and there. Throws what a call throws at its turn, and ends there. Dropped early, the
  /// members that were made go on.
  template <class Function, std::ranges::input_range Range>
  generator<outcome<Function, Range>> imap(Function function, Range items) {
    for (auto& each : begin_all(function, std::move(items))) co_yield wait(std::move(each));
  }

  /// The same in the order in which they end.
  template <class Function, std::ranges::input_range Range>
  generator<outcome<Function, Range>> imap_unordered(Function function, Range items) {
    as_completed ended(begin_all(function, std::move(items)));
    while (auto next = wait(ended.next())) co_yield wait(std::move(*next));
  }

 protected:
  explicit group(std::size_t places) : places_(std::make_unique<semaphore>(places)) {}

  [[nodiscard]] semaphore* places() const noexcept { return places_.get(); }

 private:
  using place = std::optional<semaphore::permit>;

  place take_place() {
    if (places_ == nullptr) return std::nullopt;
    return wait(places_->scoped_acquire());
  }

  // The place goes with the function, also where that never runs.
  template <class Function>
  static auto occupying(Function function, place held) {
    return [function = std::move(function), held = std::move(held)]() mutable -> decltype(auto) {
      return std::invoke(function);
    };
  }

  template <class Function, class Range>
  auto begin_all(Function& function, Range&& items) {
    std::vector<task<outcome<Function, Range>>> begun;
    const auto shared = std::make_shared<Function>(std::move(function));
    for (auto&& item : items)
      begun.push_back(spawn([shared, item = std::ranges::range_value_t<Range>(std::forward<decltype(item)>(
                                         item))]() mutable { return std::invoke(*shared, std::move(item)); }));
    return begun;
  }

  void forget_ended() {
    std::erase_if(members_, [](const any_task& each) { return each.done(); });
  }

  std::vector<any_task> members_;
  std::unique_ptr<semaphore> places_;  // null: as many as one likes
};

/// A group of which only so many run at once: `spawn` waits for a place. Counterpart: gevent.pool.Pool.
class pool : public group {
 public:
  explicit pool(std::size_t size) : group(size) {}

  /// True: `spawn` would wait.
  [[nodiscard]] bool full() const noexcept { return places()->locked(); }
};

}  // namespace hocket::green
