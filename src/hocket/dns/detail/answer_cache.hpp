#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <hocket/dns/detail/message.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::detail {

/// What a server said, and when.
struct dns_answer : dns_message {
  time_point received{};
};
using answer_ref = std::shared_ptr<const dns_answer>;

/// Answers by question until they expire; the one used longest ago makes room.
class answer_cache {
 public:
  explicit answer_cache(std::size_t size) noexcept : size_(size) {}

  /// Null if there is none, or none that still holds.
  [[nodiscard]] answer_ref find(const std::string& question, time_point now);
  void keep(const std::string& question, answer_ref answer, time_point until);
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    std::string question;
    answer_ref answer;
    time_point until;
  };
  using entries = std::list<entry>;

  void forget(entries::iterator old) noexcept;

  std::size_t size_;
  entries entries_;  // used last: at the front
  std::unordered_map<std::string_view, entries::iterator> by_question_;
};

}  // namespace hocket::detail
