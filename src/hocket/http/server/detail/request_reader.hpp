#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// Reads the requests that come on one connection, within the times that clients have for it; the source of their bodies.
class request_reader final : public body_source {
 public:
  /// Where the body of the request is.
  enum class body_state : unsigned char {
    unasked,  ///< its client waits for "100 Continue"
    coming,
    whole,   ///< all of it was read: what follows is the next request
    broken,  ///< nobody knows where the next request would begin
    lost,    ///< the client went before its end, or might as well have
  };

  /// Both stay alive as long.
  request_reader(byte_stream& from, const server_options& options);

  /// Bytes that have come before anybody asked for them.
  void begin_with(buffer came) noexcept;

  /// What has come and was not read yet: what follows is another protocol.
  [[nodiscard]] buffer take_rest() noexcept {
    received_.remove_prefix(received_.size() - rest_.size());
    rest_ = {};
    return std::move(received_);
  }

  /// Waits from `now` on for the head of the next request. False: the client has gone, or sent nothing for `idle`. Throws `bad_message`, also of a
  /// head that takes longer than `head` or breaks off; `cancelled`.
  coro<bool> read_head(time_point now);
  /// The request whose head was read, or what has come of it.
  [[nodiscard]] request_parser& head() noexcept { return parser_; }

  /// Makes ready for the body that belongs to the head.
  void begin_body();
  [[nodiscard]] body_state body() const noexcept { return body_; }
  /// See `request::next`.
  coro<std::string_view> next() override;
  [[nodiscard]] const headers& trailers() const noexcept override {
    return body_ == body_state::whole ? parser_.trailers() : body_source::trailers();
  }

  /// A reply begins: a client that waits for "100 Continue" is not told to go on any more, for that would stand in the midst of it.
  void reply_begins() noexcept {
    if (body_ == body_state::unasked) body_ = body_state::coming;
  }
  /// Whether so little is left of the body that it may be read away for the sake of the connection. A client that was not told to go
  /// on sends nothing.
  [[nodiscard]] bool may_drain() const noexcept;
  /// Reads it away: little, and not for long. The body is whole if that went well.
  coro<void> drain();

  /// Something has come that nobody has read; the client's end, perhaps.
  [[nodiscard]] bool has_more() const noexcept { return !rest_.empty() || stream_.has_something_to_read(); }
  /// Waits, once the body is whole, for what comes next: true if the client goes. What else comes is kept.
  coro<bool> client_goes();
  /// Reads until the client ends it.
  coro<void> read_away(time_point until);

 private:
  /// What came of waiting for bytes.
  enum class arrival { bytes, end, too_late };

  coro<void> tell_to_go_on();
  coro<arrival> receive_more();
  coro<arrival> receive(time_point now, time_point until);
  [[nodiscard]] bool is_over() const noexcept { return body_ >= body_state::whole; }
  void find_end_of_body();
  void complete() noexcept;
  [[noreturn]] void give_up(int status, const std::string& why);
  void lose();

  byte_stream& stream_;
  const server_options& options_;
  request_parser parser_;
  buffer received_;
  std::string_view rest_;  // of it

  body_state body_ = body_state::whole;
  event whole_;
  std::uint64_t body_bytes_ = 0;
  duration waited_{};           // for them
  std::exception_ptr failure_;  // what each further call of `next` throws
};

}  // namespace hocket::http::detail
