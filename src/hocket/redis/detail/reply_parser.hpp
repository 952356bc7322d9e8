#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_limits.hpp>

namespace hocket::redis::detail {

/// Reads the replies of RESP3, of which RESP2 is a part, from bytes that come in pieces. What the server does not use is not read:
/// strings and aggregates of unknown length.
class reply_parser {
 public:
  explicit reply_parser(const reply_limits& limits = {}) noexcept : limits_(limits) {}

  /// The next reply. Takes from the front of `bytes` what it has used; nothing: that was all, and the reply goes on in the next ones.
  /// Throws `protocol_error`; then the parser is of no further use.
  [[nodiscard]] std::optional<reply> next(std::string_view& bytes);

  /// Some of a reply has come, and not all.
  [[nodiscard]] bool is_amid_reply() const noexcept { return state_ != state::type || !open_.empty() || pending_; }

 private:
  enum class state : unsigned char { type, line, bytes };

  /// An aggregate of which items are to come.
  struct aggregate {
    reply_kind kind;
    bool is_attribute;
    std::size_t left;
    reply::items_type items{};
    std::optional<reply::items_type> pending{};  // what was said of the item to come
    std::optional<reply::items_type> own{};      // of this one
  };

  [[nodiscard]] std::optional<std::string_view> take_line(std::string_view& bytes);
  [[nodiscard]] bool take_bytes(std::string_view& bytes);
  [[nodiscard]] std::optional<reply> end_line(std::string_view line);
  [[nodiscard]] std::optional<reply> end_bytes();
  void begin_bytes(std::string_view length);
  [[nodiscard]] std::optional<reply> begin_aggregate(std::string_view length);
  [[nodiscard]] std::optional<reply> complete(reply value);
  [[nodiscard]] std::optional<reply> close_aggregates();
  [[nodiscard]] std::size_t length_of(std::string_view digits) const;
  void charge(std::size_t bytes);
  [[nodiscard]] std::optional<reply::items_type>& pending() noexcept {
    return open_.empty() ? pending_ : open_.back().pending;
  }

  reply_limits limits_;
  state state_ = state::type;
  char type_ = 0;
  std::string text_;      // the line or the bytes, as far as they have come
  std::size_t left_ = 0;  // of the bytes, with their end
  std::vector<aggregate> open_;
  std::optional<reply::items_type> pending_;
  std::size_t used_ = 0;  // of `max_reply_bytes`
};

}  // namespace hocket::redis::detail
