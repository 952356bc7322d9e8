#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <hocket/http/websocket/websocket.hpp>

namespace hocket::http::detail {

/// Compresses messages, one after the other. Holds memory from the first on, or, without a context, while one is under way.
/// Source: RFC 7692, 7.2.1.
class message_deflater {
 public:
  message_deflater(deflate_window window, int level) noexcept : window_(window), level_(level) {}

  /// zlib has no window as small as that: then messages go as they are, which one may always do.
  [[nodiscard]] bool can_compress() const noexcept { return window_.bits >= 9; }
  /// What a piece becomes, the payload of a frame. Throws std::bad_alloc.
  [[nodiscard]] std::string add(std::string_view piece, bool is_last);

 private:
  struct state;
  struct ending {
    void operator()(state* old) const noexcept;
  };

  deflate_window window_;
  int level_;
  std::unique_ptr<state, ending> state_;
};

/// Undoes that, in steps of bounded size.
class message_inflater {
 public:
  explicit message_inflater(deflate_window window) noexcept : window_(window) {}

  /// Gives it a piece of a payload, which must stay alive until `next` gives nothing more.
  void add(std::string_view piece, bool is_last);
  /// The next of what came of that, at most 16 KiB, valid until the next call; empty if there is no more. Throws `bad_frame` of what is no
  /// compressed data, std::bad_alloc.
  [[nodiscard]] std::string_view next();

 private:
  struct state;
  struct ending {
    void operator()(state* old) const noexcept;
  };
  [[nodiscard]] std::string_view inflate_some();

  deflate_window window_;
  std::unique_ptr<state, ending> state_;
  std::string_view rest_;
  bool has_trailer_to_come_ = false;  // the message ends behind `rest_`
  bool ends_message_ = false;
};

}  // namespace hocket::http::detail
