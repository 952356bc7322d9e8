#pragma once

#include <mutex>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/base/process_layout.hpp>

namespace hocket {

class loop;

namespace detail {

struct living_loop : list_link<living_loop> {
  explicit living_loop(const loop* of) noexcept : self(of) {}
  const loop* self;
};

/// The loops that exist: a handle may outlive its loop, and then has nobody to report to; and whoever looks at the process from
/// outside begins here. From any thread.
class living_loops {
 public:
  void add(living_loop& born) noexcept;
  void remove(living_loop& gone) noexcept;
  [[nodiscard]] bool has(const loop& wanted) noexcept;

 private:
  template <class>
  friend struct process_layout;

  std::mutex mutex_;
  intrusive_list<living_loop, living_loop> alive_;
};

/// Never destroyed, for threads and static objects may end later.
extern constinit living_loops loops;

}  // namespace detail
}  // namespace hocket
