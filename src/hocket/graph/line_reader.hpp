#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/error.hpp>

namespace hocket::graph {

/// Reads a file line by line. What is behind the last newline is no line yet: whoever writes the file is within it, or was ended there.
class line_reader {
 public:
  static constexpr std::size_t max_line_bytes = 1024 * 1024;

  /// Throws `hocket::error`.
  explicit line_reader(std::string path);
  ~line_reader();
  line_reader(const line_reader&) = delete;

  /// Without its newline; valid until the next call. Nothing at the end. Throws `hocket::error`, for a line that is too long, too.
  [[nodiscard]] std::optional<std::string_view> next();

  /// Where in the file the last line begins.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  /// A complaint that begins with the place of the last line: "found/links.tsv:17: ".
  [[nodiscard]] error broken(std::string_view why) const;

  /// At the end: there was something behind the last newline.
  [[nodiscard]] bool ends_within_a_line() const noexcept { return begin_ != end_; }
  /// The same: what stands there. For files that people write.
  [[nodiscard]] std::string_view rest() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }

 private:
  [[nodiscard]] bool fill();

  std::string path_;
  int number_;
  std::uint64_t line_ = 0;
  std::uint64_t offset_ = 0;  // of the last line
  std::uint64_t read_ = 0;    // bytes of the file
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace hocket::graph
