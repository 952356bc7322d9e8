#include <atomic>

#include <pthread.h>

#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/patch.hpp>

namespace hocket::green {

static std::atomic<bool> patched = false;

bool is_patched() noexcept { return patched.load(std::memory_order_relaxed); }

void patch_all() noexcept {
  detail::keep_interposed_sockets();
  detail::keep_interposed_files();
  detail::keep_interposed_waits();
  detail::keep_interposed_lookups();
  static const int only_here =
      ::pthread_atfork(nullptr, nullptr, [] { patched.store(false, std::memory_order_relaxed); });
  static_cast<void>(only_here);
  patched.store(true, std::memory_order_relaxed);
}

bool detail::may_wait_here() noexcept { return is_patched() && fiber::current() != nullptr; }

}  // namespace hocket::green
