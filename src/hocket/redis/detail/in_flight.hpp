#pragma once

#include <cstddef>
#include <vector>

#include <hocket/loop/clock.hpp>

namespace hocket::redis::detail {

class call_base;

/// What was sent and is not answered, in order. Each has a number, by which it is found until it is answered.
class in_flight {
 public:
  struct place {
    call_base* call;  // null: nobody waits for it any more
    std::size_t replies_left;
    std::size_t bytes;
    time_point asked;
  };

  [[nodiscard]] bool empty() const noexcept { return begin_ == places_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size() - begin_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] place& front() noexcept { return places_[begin_]; }
  [[nodiscard]] place& at(std::size_t number) noexcept { return places_[number - passed_]; }

  /// Its number.
  std::size_t push_back(const place& added) {
    places_.push_back(added);
    bytes_ += added.bytes;
    return passed_ + places_.size() - 1;
  }
  /// Visits them in order, until `visit` gives false.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::size_t at = begin_; at < places_.size(); ++at)
      if (!visit(places_[at])) return;
  }
  void clear() noexcept {
    passed_ += places_.size();
    places_.clear();
    begin_ = 0;
    bytes_ = 0;
  }
  void pop_front() noexcept {
    bytes_ -= front().bytes;
    ++begin_;
    if (begin_ < 64 || 2 * begin_ < places_.size()) return;
    places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(begin_));
    passed_ += begin_;
    begin_ = 0;
  }

 private:
  std::vector<place> places_;
  std::size_t begin_ = 0;   // of those that are not answered
  std::size_t passed_ = 0;  // were there before the first of `places_`
  std::size_t bytes_ = 0;
};

}  // namespace hocket::redis::detail
