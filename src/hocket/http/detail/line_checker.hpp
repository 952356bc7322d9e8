#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace hocket::http::detail {

/// Reads the lines of a message, those of its head and those around its chunks, and insists on how they are spelled:
/// each ends in CRLF, CR and LF stand nowhere else, none begins with whitespace (which folds it into the one before),
/// none has a control character but tab. Knows nothing of what the lines mean.
///
/// llhttp 8 lets some of these pass in some places; what it takes for a line another party may not.
/// Source: RFC 9112, 2.2, 5.1, 5.2 and 7.1.
class line_checker {
 public:
  /// Makes ready for the lines of a head.
  void begin_head() noexcept { *this = {}; }

  /// Makes ready for the lines around chunks, of which each needs up to 18 bytes (16 digits, CRLF). What exceeds 20 bytes
  /// in any of them, extensions, needless zeros and trailers, may come to `max_overhead_bytes` over the whole body.
  void begin_chunks(std::size_t max_overhead_bytes) noexcept {
    *this = {};
    max_overhead_bytes_ = max_overhead_bytes;
  }

  /// Reads on. Throws `bad_message` at the first byte that breaks a rule.
  void read(std::string_view bytes);

  /// Bytes read, all lines together.
  [[nodiscard]] std::size_t total_bytes() const noexcept { return total_bytes_; }

 private:
  bool take_whole(std::string_view line) noexcept;
  void read_byte(char c);

  std::size_t total_bytes_ = 0;
  std::size_t max_overhead_bytes_ = std::numeric_limits<std::size_t>::max();
  std::size_t overhead_bytes_ = 0;
  std::size_t column_ = 0;
  char previous_ = '\n';
};

}  // namespace hocket::http::detail
