#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/detail/framing.hpp>
#include <hocket/http/server/detail/date_line.hpp>
#include <hocket/http/server/detail/reply_sink.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/byte_stream.hpp>

namespace hocket::http::detail {

/// How a reply is sent.
struct reply_form {
  framing body;          ///< how its end is told, be the body sent or not
  bool answers_head;     ///< the request was HEAD: no body
  bool is_of_http_1_0;   ///< so was the request
  bool is_last = false;  ///< the connection is closed behind it
  bool changes_protocol = false;
};

/// How the end of the reply's body is told to a client of HTTP/1.`http_minor`.
[[nodiscard]] framing reply_framing(const reply& given, int http_minor) noexcept;

/// Sends the replies on one connection, one after the other: head, body and what frames it, no slower than `min_rate`, which is measured
/// over each piece of at most 256 KiB and over all of them. The writer of their bodies. What cannot be sent throws `timeout_error` or std::system_error.
class reply_sender final : public reply_sink {
 public:
  /// All stay alive as long.
  reply_sender(byte_stream& to, const server_options& options, date_line& date) noexcept
      : stream_(to), options_(options), date_(date) {}

  /// Nothing is sent of the reply that comes next.
  void begin() noexcept {
    stage_ = stage::not_begun;
    body_bytes_ = 0;
    waited_ = {};
  }
  /// Writes the head, which goes with the first piece of the body. May be called again, for another reply, until something was sent.
  void write_head(const reply& given, const reply_form& form);
  /// Sends one before that. If it throws, `cancelled` too, nothing can be sent any more.
  coro<void> send_interim(int status, const headers& fields);
  coro<void> send_with(std::string_view body) override;

  coro<void> write(std::string_view piece) override;
  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override;
  coro<void> flush() override;  // only the head is ever kept
  coro<void> finish() override;
  void add_trailer(std::string_view name, std::string_view value) override;

  [[nodiscard]] bool has_begun() const noexcept override { return stage_ != stage::not_begun; }
  [[nodiscard]] bool has_sent_head() const noexcept override { return stage_ >= stage::between; }
  /// To close the connection now would make a body whole that is not.
  [[nodiscard]] bool is_open_ended() const noexcept { return has_begun() && end_ == body_end::close; }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept override { return body_bytes_; }

 private:
  enum class stage : unsigned char {
    not_begun,
    sending_head,  // or failed to
    between,       // two pieces
    sending,       // or failed to
  };

  [[nodiscard]] bool is_chunked() const noexcept { return end_ == body_end::last_chunk; }
  void require_pieces_sent() const;
  void begin_piece();
  void end_piece(std::uint64_t body_bytes) noexcept;
  void take(std::uint64_t size);
  [[nodiscard]] duration time_left_for(std::uint64_t size) const noexcept;
  std::string_view begin_chunk(std::uint64_t size) noexcept;
  coro<void> read_and_write(file& from, std::uint64_t offset, std::size_t length);

  byte_stream& stream_;
  const server_options& options_;
  date_line& date_;
  std::string out_;  // the head until it is sent, with a small body behind it; the end of a chunk
  stage stage_ = stage::not_begun;
  std::uint64_t body_bytes_ = 0;
  duration waited_{};                  // for them
  std::optional<std::uint64_t> left_;  // of the length that was announced
  body_end end_ = body_end::no_body;   // what is still to come
  headers trailers_;
  std::array<char, 18> size_line_;
};

}  // namespace hocket::http::detail
