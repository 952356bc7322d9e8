#include <algorithm>
#include <utility>

#include <hocket/loop/context.hpp>

namespace hocket {

context& context::of_this_thread() noexcept {
  static thread_local context own;
  return own;
}

void context::let_go() noexcept {
  record* const mine = std::exchange(record_, nullptr);
  if (--mine->references == 0) delete mine;
}

context context::detached() const {
  context copy;
  if (record_ != nullptr) {
    copy.record_ = new record;
    copy.record_->entries = record_->entries;
  }
  return copy;
}

const context::value* context::find(const void* variable) const noexcept {
  if (record_ == nullptr) return nullptr;
  const auto at = std::ranges::find(record_->entries, variable, &entry::variable);
  return at == record_->entries.end() ? nullptr : &at->held;
}

void context::set(const void* variable, value to) {
  if (record_ == nullptr || record_->references > 1) {
    context mine = detached();
    if (mine.record_ == nullptr) mine.record_ = new record;
    std::swap(record_, mine.record_);
  }
  auto& entries = record_->entries;
  const auto at = std::ranges::find(entries, variable, &entry::variable);
  if (at == entries.end()) {
    if (to != nullptr) entries.push_back({variable, std::move(to)});
    return;
  }
  at->held.swap(to);  // what it held dies with `to`, for its destructor may use variables
  if (at->held == nullptr) entries.erase(at);
}

}  // namespace hocket
