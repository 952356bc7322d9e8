// The allocation that fails is found by counting down, in a hook of the arena and in a replaced operator new. Both see the
// same thread-local state, which is off but while a scenario runs.

#include <cstdlib>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/testing/detail/trial.hpp>
#include <hocket/testing/fail_each_allocation.hpp>

namespace {

struct memory {
  bool counting = false;
  std::size_t allocations_left = 0;
  bool comes_back = true;
};
constinit thread_local memory of_this_thread;

void count_allocation() {
  memory& memory = of_this_thread;
  if (!memory.counting) return;
  if (memory.allocations_left > 0 && --memory.allocations_left > 0) return;
  memory.counting = !memory.comes_back;
  throw std::bad_alloc{};
}

}  // namespace

#if defined(__SANITIZE_THREAD__)
#define HOCKET_KEEP_OPERATOR_NEW 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOCKET_KEEP_OPERATOR_NEW 1
#endif
#endif

#ifndef HOCKET_KEEP_OPERATOR_NEW
// The array and nothrow forms call these two.
void* operator new(std::size_t size) {
  count_allocation();
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  count_allocation();
  void* block = nullptr;
  if (::posix_memalign(&block, static_cast<std::size_t>(alignment), size == 0 ? 1 : size) == 0) return block;
  throw std::bad_alloc{};
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
#endif

namespace hocket::testing {
namespace {

class allocation_failure final : public detail::interference {
 public:
  allocation_failure(std::size_t strike_at, shortage how) noexcept : strike_at_(strike_at), how_(how) {}

  HOCKET_CORO_WRAPPER coro<void> start(scenario& body) override {
    arena::set_take_hook(count_allocation);
    of_this_thread = {.counting = true, .allocations_left = strike_at_, .comes_back = how_ == shortage::once};
    return body();
  }
  void finish() noexcept override {
    struck_ = std::exchange(of_this_thread, {}).allocations_left == 0;
    arena::set_take_hook(nullptr);
  }
  [[nodiscard]] bool struck() const noexcept { return struck_; }

 private:
  std::size_t strike_at_;
  shortage how_;
  bool struck_ = false;
};

bool is_out_of_memory(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const std::system_error& error) {
    return error.code() == std::errc::not_enough_memory;
  } catch (const exception_group& group) {
    for (const auto& each : group.errors())
      if (!is_out_of_memory(each)) return false;
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

failure_report fail_each_allocation(scenario body, run_options options, shortage how) {
  failure_report report;
  for (bool disturbed = true; disturbed;) {
    const std::size_t strike_at = ++report.runs;
    allocation_failure trouble(strike_at, how);
    try {
      const detail::outcome seen = detail::try_once(body, options, trouble);
      report += seen.left;
      disturbed = trouble.struck();
      if (seen.error && !(disturbed && is_out_of_memory(seen.error))) std::rethrow_exception(seen.error);
      report.failed += seen.error ? 1 : 0;
    } catch (...) {
      detail::rethrow_with(fmt::format("allocation {} failed", strike_at), std::current_exception());
    }
  }
  return report;
}

}  // namespace hocket::testing
