#include <algorithm>
#include <stdexcept>

#include <hocket/io/signals.hpp>

namespace hocket {

signal_receiver::signal_receiver(std::span<const int> numbers) : loop_(loop::running()) {
  if (numbers.empty()) throw std::invalid_argument("a signal receiver without signals would wait for ever");
  for (const int number : numbers) kinds_.push_back({.number = number});
  std::ranges::sort(kinds_, {}, &kind::number);
  const auto repeated = std::ranges::unique(kinds_, {}, &kind::number);
  kinds_.erase(repeated.begin(), repeated.end());
  std::size_t added = 0;
  try {
    for (; added < kinds_.size(); ++added) loop_.signals().add(kinds_[added].number, *this);
  } catch (...) {
    while (added > 0) loop_.signals().remove(kinds_[--added].number, *this);
    throw;
  }
}

signal_receiver::~signal_receiver() {
  for (const kind& each : kinds_) loop_.signals().remove(each.number, *this);
}

void signal_receiver::heard(int number) noexcept {
  ++std::ranges::find(kinds_, number, &kind::number)->waiting;
  came_.set();
}

std::optional<int> signal_receiver::take() noexcept {
  const auto found = std::ranges::find_if(kinds_, [](const kind& each) { return each.waiting > 0; });
  if (found == kinds_.end()) return std::nullopt;
  --found->waiting;
  return found->number;
}

coro<int> signal_receiver::receive() {
  for (;;) {
    if (const auto number = take()) co_return *number;
    came_.clear();
    co_await came_.wait();
  }
}

async_generator<int> signal_receiver::signals() {
  for (;;) co_yield co_await receive();
}

}  // namespace hocket
