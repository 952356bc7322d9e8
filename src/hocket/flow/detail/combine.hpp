#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <hocket/flow/detail/feeds.hpp>
#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/detail/sources.hpp>

namespace hocket::flow {

/// How many inner sources or calls may run at the same time; `std::nullopt`: any number.
using task_limit = std::optional<std::size_t>;

namespace detail {

inline task_limit require_room(task_limit limit) {
  if (limit) require_at_least(1, "task_limit", static_cast<std::ptrdiff_t>(*limit));
  return limit;
}

enum class result_order : bool { as_they_come, of_their_sources };

/// What a source was made of, and may refer to until it is gone.
template <class Function, class Item>
struct origin {
  std::shared_ptr<Function> function;
  Item item;
};

/// The items of the sources that `make` makes of the items of `outer`. That is advanced only while there is room for one more.
template <class Item, class Function>
async_generator<made_item_t<Function, Item>> combine(async_generator<Item> outer, Function make, task_limit limit,
                                                     result_order order) {
  using value = made_item_t<Function, Item>;
  feeds all;
  try {
    const auto kept = std::make_shared<Function>(std::move(make));
    auto& outside = all.start(outer);
    std::size_t inside = 0;
    while (feed_base* const from = co_await all.news()) {
      if (from == &outside) {
        outside.rethrow_error();
        if (outside.has_ended()) continue;
        const auto from_item = std::make_shared<origin<Function, Item>>(kept, outside.take());
        auto source = iterate(detail::invoke(*kept, std::move(from_item->item)));
        all.start(source, from_item);
        all.move_to_end(outside);  // and so closed last
        ++inside;
        if (!limit || inside < *limit) outside.go_on();
      } else if (order == result_order::of_their_sources && from != &all.first()) {
        continue;  // until its turn comes
      } else if (from->has_ended()) {
        all.remove(*from);
        --inside;
        outside.go_on();
        if (order == result_order::of_their_sources) all.tell_again(all.first());
      } else {
        co_yield static_cast<feed<value>*>(from)->take();
        from->go_on();
      }
    }
  } catch (...) {
    all.note(std::current_exception());
  }
  co_await all.close();
}

/// The items of the source that `make` made last.
template <class Item, class Function>
async_generator<made_item_t<Function, Item>> switch_to_latest(async_generator<Item> outer, Function make) {
  using value = made_item_t<Function, Item>;
  feeds all;
  try {
    const auto kept = std::make_shared<Function>(std::move(make));
    auto& outside = all.start(outer);
    while (feed_base* const from = co_await all.news()) {
      if (outside.has_item()) {  // which goes before what the old source has
        if (auto& old = all.first(); &old != &outside) {
          old.cancel();
          co_await all.end_of(old);
          co_await old.close();
          all.remove(old);
        }
        const auto from_item = std::make_shared<origin<Function, Item>>(kept, outside.take());
        auto source = iterate(detail::invoke(*kept, std::move(from_item->item)));
        all.start(source, from_item);
        all.move_to_end(outside);
        outside.go_on();
      } else if (from == &outside) {
        outside.rethrow_error();
      } else if (from->has_ended()) {
        all.remove(*from);
      } else {
        co_yield static_cast<feed<value>*>(from)->take();
        from->go_on();
      }
    }
  } catch (...) {
    all.note(std::current_exception());
  }
  co_await all.close();
}

}  // namespace detail

}  // namespace hocket::flow
