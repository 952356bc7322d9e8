#include <cstddef>

#include <hocket/base/process_table.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket {

template <>
struct detail::process_layout<detail::waiter> {
  static constexpr way to_place = offsetof(waiter, place_);
};

template <>
struct detail::process_layout<lock> {
  static constexpr shown_types<2> types{{
      {&typeid(waiter), shown_type::meaning::waits_at, process_layout<waiter>::to_place},
      {&typeid(lock::waiter),
       shown_type::meaning::is_held_by,
       {process_layout<waiter>::to_place.offsets[0], offsetof(lock, holder_)}},
  }};
};

namespace detail {
HOCKET_SHOW(shown_types<2>, hocket_shows_lock) = process_layout<lock>::types;
HOCKET_NOTE(2, hocket_shows_lock);
}  // namespace detail

void lock::refuse_release() { throw invalid_state_error("a lock was released that nobody holds"); }

}  // namespace hocket
