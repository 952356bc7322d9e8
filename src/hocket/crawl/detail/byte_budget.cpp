#include <hocket/crawl/detail/byte_budget.hpp>

namespace hocket::crawl::detail {

coro<void> byte_budget::wait_to_begin() {
  while (is_spent()) {
    changed_.clear();
    co_await changed_.wait();
  }
}

coro<void> byte_budget::share::wait_to_grow() {
  while (of_.is_spent() && of_.overdrawn_by_ != nullptr && of_.overdrawn_by_ != this) {
    of_.changed_.clear();
    co_await of_.changed_.wait();
  }
  if (of_.is_spent()) of_.overdrawn_by_ = this;
}

void byte_budget::let_go(share& whose) noexcept {
  held_ -= whose.bytes_;
  if (overdrawn_by_ == &whose) {
    overdrawn_by_ = nullptr;
    changed_.set();
  }
  tell();
}

}  // namespace hocket::crawl::detail
