#include <atomic>

#include <pthread.h>
#include <unistd.h>

#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/patch.hpp>

namespace hocket::green {

static std::atomic<pid_t> patched = 0;  // the process

bool is_patched() noexcept { return patched.load(std::memory_order_relaxed) != 0; }

void patch_all() noexcept {
  detail::keep_interposed_sockets();
  detail::keep_interposed_files();
  detail::keep_interposed_waits();
  detail::keep_interposed_lookups();
  static const int only_here = ::pthread_atfork(nullptr, nullptr, [] {
    patched.store(0, std::memory_order_relaxed);
    detail::forget_turns_to_accept();
  });
  static_cast<void>(only_here);
  patched.store(::getpid(), std::memory_order_relaxed);
}

// A child of vfork stands on its parent's stack, in its memory.
bool detail::is_own_process() noexcept { return patched.load(std::memory_order_relaxed) == ::getpid(); }

bool detail::may_wait_here() noexcept { return is_patched() && fiber::current() != nullptr && is_own_process(); }

}  // namespace hocket::green
