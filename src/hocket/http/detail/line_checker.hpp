#pragma once

#include <cstddef>
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
  /// Forgets all that was read.
  void reset() noexcept { *this = {}; }

  /// Reads on. Throws `bad_message` at the first byte that breaks a rule.
  void read(std::string_view bytes);

  /// Bytes read, all lines together.
  [[nodiscard]] std::size_t total_bytes() const noexcept { return total_bytes_; }

  /// The same without the first 20 bytes of each line. Every chunk needs a line of up to 18 bytes (16 digits, CRLF);
  /// what is beyond can only be extensions, needless zeros or trailers.
  [[nodiscard]] std::size_t excess_bytes() const noexcept { return excess_bytes_; }

 private:
  void read_byte(char c);

  std::size_t total_bytes_ = 0;
  std::size_t excess_bytes_ = 0;
  std::size_t column_ = 0;
  char previous_ = '\n';
};

}  // namespace hocket::http::detail
