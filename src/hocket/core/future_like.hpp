#pragma once

#include <concepts>
#include <unordered_set>
#include <utility>
#include <vector>

#include <hocket/core/future_base.hpp>

namespace hocket {

/// A handle on what ends once, whoever waits for it: `task<T>`, `any_task`, `future<T>`. What `wait`, `as_completed` and
/// `shield` take: these may return before it has ended, so a coroutine, which may borrow from its caller, is none.
template <class Handle>
concept future_like = std::copyable<Handle> && requires(const Handle& handle) {
  { *handle.record() } -> std::convertible_to<future_base&>;
};

namespace detail {

/// Each once, where it stood first.
template <future_like Handle>
std::vector<Handle> distinct(std::vector<Handle> handles) {
  std::unordered_set<const future_base*> seen;
  std::erase_if(handles, [&seen](const Handle& each) {
    const future_base& record = *each.record();
    return !seen.insert(&record).second;
  });
  return handles;
}

template <future_like Handle>
std::vector<future_base*> records_of(const std::vector<Handle>& handles) {
  std::vector<future_base*> records;
  records.reserve(handles.size());
  for (const Handle& each : handles) records.push_back(&static_cast<future_base&>(*each.record()));
  return records;
}

}  // namespace detail
}  // namespace hocket
