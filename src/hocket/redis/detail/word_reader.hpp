#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <hocket/redis/request.hpp>

namespace hocket::redis::detail {

/// Gives the words of a request, the name first. The request must stay as it is meanwhile.
class word_reader {
 public:
  explicit word_reader(const request& of) noexcept : rest_(of.bytes_) {}

  /// Nothing: that were all.
  [[nodiscard]] std::optional<std::string_view> next() noexcept {
    if (rest_.empty()) return std::nullopt;
    std::size_t size = 0;
    std::size_t at = 1;  // behind '$'
    for (; rest_[at] != '\r'; ++at) size = 10 * size + static_cast<std::size_t>(rest_[at] - '0');
    const std::string_view word = rest_.substr(at + 2, size);
    rest_.remove_prefix(at + 2 + size + 2);
    return word;
  }
  [[nodiscard]] std::optional<std::string_view> skip(std::size_t words) noexcept {
    for (; words > 0; --words) static_cast<void>(next());
    return next();
  }

 private:
  std::string_view rest_;
};

}  // namespace hocket::redis::detail
