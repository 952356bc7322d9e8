#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/detail/h2_session.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/http/server/detail/date_line.hpp>
#include <hocket/http/server/detail/reply_sink.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::http::detail {

/// Sends the reply on a stream of HTTP/2, no slower than `min_rate`. What cannot be sent throws `timeout_error` or std::system_error.
class h2_reply_sender final : public reply_sink {
 public:
  /// All stay alive as long.
  h2_reply_sender(h2_stream& stream, h2_session& session, const server_options& options, date_line& date) noexcept
      : stream_(stream), session_(session), options_(options), date_(date) {}

  /// `given` stays alive until it was sent. Says whether a body follows the head. May be called again, for another reply, until something
  /// was sent.
  [[nodiscard]] bool write_head(const reply& given, bool answers_head) noexcept;
  coro<void> send_with(std::string_view body) override;

  coro<void> write(std::string_view piece) override;
  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override;
  coro<void> flush() override;
  coro<void> finish() override;
  void add_trailer(std::string_view name, std::string_view value) override;

  [[nodiscard]] bool has_begun() const noexcept override { return has_begun_; }
  [[nodiscard]] bool has_sent_head() const noexcept override { return has_begun_; }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept override { return body_bytes_; }
  /// All of the reply was sent.
  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

 private:
  void begin(bool has_body);
  void take(std::uint64_t size);
  coro<void> send(std::string_view piece, bool is_last);

  h2_stream& stream_;
  h2_session& session_;
  const server_options& options_;
  date_line& date_;
  const reply* given_ = nullptr;
  std::optional<std::uint64_t> left_;  // of the length that was announced
  headers trailers_;
  bool answers_head_ = false;
  bool has_begun_ = false;
  bool is_complete_ = false;
  std::uint64_t body_bytes_ = 0;
  duration waited_{};  // for them
};

}  // namespace hocket::http::detail
