#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/client/received_event.hpp>
#include <hocket/text/text_decoder.hpp>

namespace hocket::http::detail {

/// No server means a longer pause by `retry`; more is taken for so much.
inline constexpr std::chrono::milliseconds longest_retry = std::chrono::hours(24);
/// Of an event's id, which goes into a field of a request.
inline constexpr std::size_t most_id_bytes = 4096;

/// Reads a stream of events as it comes. However the bytes are cut, the events are the same. Source: WHATWG HTML, 9.2.6.
///
/// An id that no field can carry is ignored, as the standard has it of one with a NUL.
class event_parser {
 public:
  /// Of an event's data and type, and of what a line says.
  explicit event_parser(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Another connection begins: what has come of an event is forgotten, the last id is not.
  void begin(std::string last_event_id);

  /// Gives it bytes, which `next` reads.
  void add(std::string_view bytes) { decoder_.decode(bytes, text_); }
  /// The next event that is complete, if there is one. Throws `body_too_large`.
  [[nodiscard]] std::optional<received_event> next();

  /// What `retry` said last, up to `longest_retry`; once.
  [[nodiscard]] std::optional<std::chrono::milliseconds> take_retry() noexcept;
  [[nodiscard]] const std::string& last_event_id() const noexcept { return last_id_; }

 private:
  [[nodiscard]] std::optional<std::string_view> take_line();
  void take_field(std::string_view line);
  [[nodiscard]] std::optional<received_event> dispatch();

  std::size_t most_bytes_;
  text_decoder decoder_{encoding::utf_8};
  std::string text_;
  std::size_t at_ = 0;     // of the text, where the next line begins
  std::size_t seen_ = 0;   // up to here there is no line end
  bool skips_lf_ = false;  // the last line has ended with a CR
  std::string data_;
  std::string type_;
  std::string id_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace hocket::http::detail
