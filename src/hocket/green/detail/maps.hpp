#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/base/assert.hpp>
#include <hocket/core/cancel_node.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/green/detail/arrivals.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/join.hpp>
#include <hocket/green/spawn.hpp>

namespace hocket::green::detail {

/// Calls of a function for each item, side by side, each by the `spawn` of `Pool`, which is derived from this.
template <class Pool>
class maps {
  template <class Function, class Range>
  using outcome = std::remove_cvref_t<std::invoke_result_t<Function&, std::ranges::range_value_t<Range>>>;

 public:
  /// Calls `function` for each item, each call in a member, and gives what they return, in the order of the items. What the first of them
  /// in that order throws is thrown, after all have ended; cancelled, it cancels them and waits for their end. Only within a green thread;
  /// elsewhere throws `invalid_state_error`.
  template <class Function, std::ranges::input_range Range>
  auto map(Function function, Range&& items, const spawn_options& options = {}) {
    static_cast<void>(require_current());
    std::vector<task<outcome<Function, Range>>> begun;
    try {
      const auto shared = std::make_shared<Function>(std::move(function));
      for (auto&& item : items) {
        if (begun.size() == begun.capacity()) begun.reserve(2 * begun.size() + 1);  // or one that has begun were lost
        begun.push_back(begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options));
      }
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
      if (self().full() && !begun.empty()) co_yield take_first(begun, options.created);
      begun.push_back(begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options));
    }
    while (!begun.empty()) co_yield take_first(begun, options.created);
  }

  /// The same in the order in which they end.
  template <class Function, std::ranges::input_range Range>
  generator<outcome<Function, Range>> imap_unordered(Function function, Range items, spawn_options options = {}) {
    using member = task<outcome<Function, Range>>;
    const auto shared = std::make_shared<Function>(std::move(function));
    const auto ended = std::make_shared<arrivals<member>>();
    std::size_t left = 0;
    for (auto&& item : items) {
      if (self().full() && left > 0) {
        --left;
        co_yield wait(ended->take(options.created), options.created);
      }
      ended->expect();
      begin(shared, item_of<Range>(std::forward<decltype(item)>(item)), options)
          .add_done_callback([ended](const member& each) { ended->arrive(each); });
      ++left;
    }
    for (; left > 0; --left) co_yield wait(ended->take(options.created), options.created);
  }

 private:
  friend Pool;
  maps() = default;

  template <class Range>
  using item_of = std::ranges::range_value_t<Range>;

  [[nodiscard]] Pool& self() noexcept { return static_cast<Pool&>(*this); }

  template <class Function, class Item>
  auto begin(std::shared_ptr<Function> function, Item item, const spawn_options& options) {
    return self().spawn([function = std::move(function),
                         item = std::move(item)]() mutable { return std::invoke(*function, std::move(item)); },
                        options);
  }

  template <class Value>
  static Value take_first(std::deque<task<Value>>& begun, std::source_location where) {
    task<Value> first = std::move(begun.front());
    begun.pop_front();
    return wait(std::move(first), where);
  }

  // What they refer to is about to go: their end is waited for, come what may, and without memory. What comes meanwhile is seen afterwards.
  template <class Member>
  static void give_up(const std::vector<Member>& begun, std::source_location where) noexcept {
    fiber& here = *fiber::current();
    const std::exception_ptr interruption = here.take_interruption();
    task_base& task = *task_base::current();
    cancel_node shield(cancel_node::kind::level, true);
    task.push(shield);
    for (const Member& each : begun) each.cancel();
    for (const Member& each : begun) {
      try {
        static_cast<void>(wait(each, where));
      } catch (...) {
        HOCKET_ASSERT(each.done(), "a member of a map cannot be waited for");
      }
    }
    task.pop(shield);
    if (interruption) here.interrupt(interruption);
  }
};

}  // namespace hocket::green::detail
