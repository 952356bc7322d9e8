#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http {

/// A multipart content that is malformed or cut short.
class multipart_error : public protocol_error {
 public:
  using protocol_error::protocol_error;
};

/// A multipart content larger than the limits of its parser. A server answers 413.
class multipart_too_large : public multipart_error {
 public:
  using multipart_error::multipart_error;
};

struct multipart_limits {
  std::size_t parts = 1000;
  std::size_t fields_per_part = 32;
  /// The fields of a part, with their line ends.
  std::size_t head_bytes = std::size_t{16} * 1024;
  /// What stands before the first part, and after the last: nothing of it is given out.
  std::size_t preamble_bytes = 4096;
  std::size_t epilogue_bytes = 4096;
  std::uint64_t total_bytes = std::uint64_t{1} << 30;
};

/// The `boundary` parameter of a `Content-Type` of `multipart/form-data`, or of another `multipart/`. Nothing if it is
/// none of these, or if the boundary is none: 1 to 70 characters of RFC 2046, 5.1.1, the last one no space.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

/// What a parser has found.
struct multipart_event {
  enum class kind : unsigned char {
    need_input,  ///< all of the input is consumed
    part_head,   ///< a part begins: see `multipart_parser::fields`
    part_data,   ///< some of its content, in `data`
    part_end,
    end,  ///< the last part has ended; what comes now is the epilogue
  };
  kind what = kind::need_input;
  /// Never empty for `part_data`; valid until the next call, and as long as the input.
  std::string_view data{};
};

/// Reads the parts of a multipart content as it arrives, and keeps no more of it than the head of one part.
///
///     while (true) {
///       const auto event = parser.next(input);
///       if (event.what == multipart_event::kind::need_input) break;
///       ...
///     }
///
/// Strict where others guess: lines end in CRLF, a field stands on one line, a line that begins with the delimiter is
/// one. However the content is cut, the same events come, but for where the data of a part are cut. Parts in parts are
/// for a parser of their own. After an error only its destructor may be called. Source: RFC 2046, 5.1; RFC 7578.
class multipart_parser {
 public:
  /// Throws hocket::error if that is no boundary.
  explicit multipart_parser(std::string_view boundary, multipart_limits limits = {});

  /// Takes from the front of `input` up to the next event. Throws `multipart_error`, `multipart_too_large`.
  multipart_event next(std::string_view& input);

  /// The fields of the part that began last.
  [[nodiscard]] const headers& fields() const noexcept { return fields_; }

  /// To be called when there is no more input. Throws `multipart_error` if the content is not complete.
  void finish() const;

 private:
  enum class state : unsigned char { preamble, delimiter, padding, line_end, dash, head, data, epilogue };

  multipart_event take_preamble(std::string_view& input);
  multipart_event take_behind_delimiter(std::string_view& input);
  multipart_event take_head(std::string_view& input);
  multipart_event take_data(std::string_view& input);
  void take_epilogue(std::string_view& input);
  bool go_on_matching(std::string_view& input);
  void begin_part();
  multipart_event end_part();
  void parse_head();
  void parse_line(std::string_view line);
  void count(std::size_t bytes);

  multipart_limits limits_;
  std::string delimiter_;  // with the line end before it, which belongs to it
  std::size_t matched_;    // so many bytes of the delimiter came last
  std::size_t unreal_;     // of these so many at the front that came only in a manner of speaking
  state state_ = state::preamble;
  std::size_t parts_ = 0;
  std::size_t skipped_ = 0;  // of the preamble, of the padding behind a delimiter, of the epilogue
  std::uint64_t total_ = 0;
  std::string head_;
  headers fields_;
};

}  // namespace hocket::http
