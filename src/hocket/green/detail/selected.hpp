#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <poll.h>
#include <sys/select.h>

namespace hocket::green::detail {

/// One of the sets of select(2), to be asked about again and again. Of a caller's set the system reads and writes as many words as hold `count`
/// numbers, which may be fewer than an fd_set has, or more: so does this.
class selected {
 public:
  /// `set`: the caller's, or null. Throws `std::bad_alloc`.
  selected(fd_set* set, int count) : set_(reinterpret_cast<word*>(set)) {
    if (set_ != nullptr) asked_.assign(set_, set_ + (static_cast<std::size_t>(count) + bits - 1) / bits);
    answer_ = asked_;
  }

  /// A copy of what was asked for, in which the system is to put its answer; null if there is no set.
  [[nodiscard]] fd_set* question() noexcept {
    answer_ = asked_;  // takes no memory: it has had that size
    return set_ != nullptr ? reinterpret_cast<fd_set*>(answer_.data()) : nullptr;
  }
  /// The last answer goes to the caller. Words that it does not change are left alone: they may lie behind the caller's memory, whose `count` may be
  /// greater than any number that can be open.
  void give_answer() const {
    for (std::size_t n = 0; n < answer_.size(); ++n)
      if (answer_[n] != asked_[n]) set_[n] = answer_[n];
  }

  void add_to(std::vector<pollfd>& all, short events) const {
    for (std::size_t n = 0; n < asked_.size() * bits; ++n)
      if ((asked_[n / bits] >> n % bits & 1) != 0)
        all.push_back({.fd = static_cast<int>(n), .events = events, .revents = 0});
  }

 private:
  using word = fd_mask;  // as many bits as an unsigned long, as the system has it
  static constexpr std::size_t bits = NFDBITS;

  word* set_;
  std::vector<word> asked_;
  std::vector<word> answer_;
};

}  // namespace hocket::green::detail
