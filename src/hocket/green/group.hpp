#pragma once

#include <concepts>
#include <cstddef>
#include <source_location>
#include <utility>
#include <vector>

#include <hocket/core/task.hpp>
#include <hocket/green/detail/maps.hpp>
#include <hocket/green/detail/places.hpp>
#include <hocket/green/join.hpp>
#include <hocket/green/spawn.hpp>

namespace hocket::green {

/// Green threads that are waited for or cancelled together. Those that have ended are forgotten; one that fails disturbs no other, for
/// whom that is wanted there are task groups. The members go on when it goes. Counterpart: gevent.pool.Group.
class group : public detail::maps<group> {
 public:
  group() = default;
  group(const group&) = delete;

  /// As `green::spawn`, and a member. A `pool` that is full is waited for.
  template <std::invocable Function>
  auto spawn(Function function, const spawn_options& options = {}) {
    auto occupying = places_.give(std::move(function), options.created);
    expect_member();
    auto made = green::spawn(std::move(occupying), options);
    add(made);
    return made;
  }

  /// Makes a task, green or not, a member; it takes no place.
  void add(any_task member) {
    expect_member();
    members_.push_back(std::move(member));
  }
  /// Makes room, so that the next `add` cannot throw. Throws std::bad_alloc.
  void expect_member() {
    if (members_.size() == members_.capacity()) forget_ended();
    if (members_.size() == members_.capacity()) members_.reserve(2 * members_.size() + 1);
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

  /// True: `spawn` would wait, for a `pool` has no place left.
  [[nodiscard]] bool full() const noexcept { return places_.are_taken(); }

 protected:
  explicit group(std::size_t places) : places_(places) {}

 private:
  void forget_ended() {
    std::erase_if(members_, [](const any_task& each) { return each.done(); });
  }

  std::vector<any_task> members_;
  detail::places places_;
};

/// A group of which only so many run at once: `spawn` waits for a place. Counterpart: gevent.pool.Pool.
class pool : public group {
 public:
  explicit pool(std::size_t size) : group(size) {}
};

}  // namespace hocket::green
