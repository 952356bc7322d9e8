#pragma once

// What the sanitizers want to be told of switches between stacks; nothing without them.

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOCKET_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define HOCKET_THREAD_SANITIZER 1
#endif
#endif

#ifdef HOCKET_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef HOCKET_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace hocket::green::detail {

// The address sanitizer: `kept` is where the stack that is left keeps what it needs to come back; null if it will not.

inline void leave_for_stack([[maybe_unused]] void** kept, [[maybe_unused]] const void* bottom,
                            [[maybe_unused]] std::size_t size) noexcept {
#ifdef HOCKET_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(kept, bottom, size);
#endif
}

inline void arrive_on_stack([[maybe_unused]] void* kept, [[maybe_unused]] const void** bottom_left,
                            [[maybe_unused]] std::size_t* size_left) noexcept {
#ifdef HOCKET_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(kept, bottom_left, size_left);
#endif
}

// The thread sanitizer.

inline void* make_sanitizer_fiber() noexcept {
#ifdef HOCKET_THREAD_SANITIZER
  return __tsan_create_fiber(0);
#else
  return nullptr;
#endif
}

inline void destroy_sanitizer_fiber([[maybe_unused]] void* made) noexcept {
#ifdef HOCKET_THREAD_SANITIZER
  __tsan_destroy_fiber(made);
#endif
}

inline void* current_sanitizer_fiber() noexcept {
#ifdef HOCKET_THREAD_SANITIZER
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

inline void switch_sanitizer_fiber([[maybe_unused]] void* to) noexcept {
#ifdef HOCKET_THREAD_SANITIZER
  __tsan_switch_to_fiber(to, 0);
#endif
}

}  // namespace hocket::green::detail
