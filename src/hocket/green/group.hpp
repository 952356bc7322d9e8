#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/core/task.hpp>
#include <hocket/green/join.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/sync/queue.hpp>
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
    auto made = green::spawn(occupying(std::move(function), take_place(options.created)), options);
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
  void join(std::source_location where = std::source_location::current()) {
    while (size() > 0) joinall(members_, where);
  }
  /// The same for at most `limit`. False: some are left.
  [[nodiscard]] bool join(delay limit, std::source_location where = std::source_location::current()) {
    const time_point end = loop::running().time_after(limit);
    while (size() > 0)
      if (!joinall(members_, end - loop::running().time(), where)) return false;
    return true;
  }
  /// Cancels all members and waits until they have ended.
  void kill(std::source_location where = std::source_location::current()) {
    forget_ended();
    killall(std::exchange(members_, {}), where);
  }

  /// Calls `function` for each item, each call in a member, and gives what they return, in the order of the items. What the first of them
  /// in that order throws is thrown, after all have ended; cancelled, it cancels them and waits for their end.
  template <class Function, std::ranges::input_range Range>
  auto map(Function function, Range&& items, const spawn_options& options = {}) {
    std::vector<task<outcome<Function, Range>>> begun;
    try {
      const auto shared = std::make_shared<Function>(std::move(function));
      for (auto&& item : items)
        begun.push_back(begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options));
      joinall(begun, options.created);
    } catch (...) {
      give_up(begun, options.created);
      throw;
    }
    if constexpr (std::is_void_v<outcome<Function, Range>>) {
      for (auto& each : begun) wait(std::move(each), options.created);
    } else {
      std::vector<outcome<Function, Range>> values;
      values.reserve(begun.size());
      for (auto& each : begun) values.push_back(wait(std::move(each), options.created));
      return values;
    }
  }

  /// The same, value by value, in the order of the items: a call is begun when there is a place for it, and in a group at once. Throws what a call
  /// throws at its turn, and ends there. Dropped early, the members that were made go on; so what `function` refers to must outlive them.
  template <class Function, std::ranges::input_range Range>
  generator<outcome<Function, Range>> imap(Function function, Range items, spawn_options options = {}) {
    const auto shared = std::make_shared<Function>(std::move(function));
    std::deque<task<outcome<Function, Range>>> begun;
    for (auto&& item : items) {
      if (is_full() && !begun.empty()) co_yield take_first(begun, options.created);
      begun.push_back(begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options));
    }
    while (!begun.empty()) co_yield take_first(begun, options.created);
  }

  /// The same in the order in which they end.
  template <class Function, std::ranges::input_range Range>
  generator<outcome<Function, Range>> imap_unordered(Function function, Range items, spawn_options options = {}) {
    using member = task<outcome<Function, Range>>;
    const auto shared = std::make_shared<Function>(std::move(function));
    const auto ended = std::make_shared<hocket::queue<member>>();
    std::size_t left = 0;
    for (auto&& item : items) {
      if (is_full() && left > 0) {
        --left;
        co_yield wait(wait(ended->get(), options.created), options.created);
      }
      begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options)
          .add_done_callback([ended](const member& each) { ended->put_nowait(each); });
      ++left;
    }
    for (; left > 0; --left) co_yield wait(wait(ended->get(), options.created), options.created);
  }

 protected:
  [[nodiscard]] bool is_full() const noexcept { return places_ != nullptr && places_->locked(); }

  explicit group(std::size_t places) : places_(std::make_shared<semaphore>(places)) {}

 private:
  /// Keeps what it is a place of: a member may outlive the pool.
  struct place {
    std::shared_ptr<semaphore> of;
    std::optional<semaphore::permit> held;
  };

  place take_place(std::source_location where) {
    if (places_ == nullptr) return {};
    return {.of = places_, .held = wait(places_->scoped_acquire(), where)};
  }

  // The place goes with the function, also where that never runs.
  template <class Function>
  static auto occupying(Function function, place held) {
    return [function = std::move(function), held = std::move(held)]() mutable -> decltype(auto) {
      return std::invoke(function);
    };
  }

  template <class Range>
  using item_of = std::ranges::range_value_t<Range>;

  template <class Function, class Item>
  auto begin(std::shared_ptr<Function> function, Item item, const spawn_options& options) {
    return spawn([function = std::move(function),
                  item = std::move(item)]() mutable { return std::invoke(*function, std::move(item)); },
                 options);
  }

  template <class Value>
  static Value take_first(std::deque<task<Value>>& begun, std::source_location where) {
    task<Value> first = std::move(begun.front());
    begun.pop_front();
    return wait(std::move(first), where);
  }

  // What they refer to is about to go: their end is waited for, come what may.
  template <class Member>
  static void give_up(std::vector<Member>& begun, std::source_location where) {
    if (begun.empty()) return;
    for (const Member& each : begun) each.cancel();
    cancel_scope shield({.shield = true});
    wait(shield.run(hocket::wait(std::move(begun))), where);
  }

  void forget_ended() {
    std::erase_if(members_, [](const any_task& each) { return each.done(); });
  }

  std::vector<any_task> members_;
  std::shared_ptr<semaphore> places_;  // null: as many as one likes
};

/// A group of which only so many run at once: `spawn` waits for a place. Counterpart: gevent.pool.Pool.
class pool : public group {
 public:
  explicit pool(std::size_t size) : group(size) {}

  /// True: `spawn` would wait.
  [[nodiscard]] bool full() const noexcept { return is_full(); }
};

}  // namespace hocket::green
