#pragma once

#include <cstddef>
#include <exception>
#include <expected>
#include <string>
#include <string_view>

#include <hocket/io/detail/connection.hpp>

namespace hocket::detail {

/// What a stream reader and a stream writer share.
class stream_connection final : public connection {
 public:
  stream_connection(byte_stream stream, std::size_t limit);

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  /// Bytes that were received and not read.
  [[nodiscard]] std::string_view buffered() const noexcept { return std::string_view(buffer_).substr(read_); }
  void append(std::string_view bytes);
  /// The first bytes, `most` at most, which are no longer there afterwards.
  [[nodiscard]] std::string take(std::size_t most);
  void drop(std::size_t count) noexcept;

  /// The peer sends nothing more, or this side has closed.
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

  /// What came of a receive: bytes, or none at the end. Throws the error by which the connection is then lost.
  [[nodiscard]] buffer received(std::expected<buffer, std::exception_ptr> answer);

  /// One task reads: throws `invalid_state_error` if another does.
  class reading {
   public:
    explicit reading(stream_connection& of);
    ~reading() { of_.is_read_ = false; }
    reading(const reading&) = delete;

   private:
    stream_connection& of_;
  };
  [[nodiscard]] bool is_read() const noexcept { return is_read_; }

  /// It belongs to a server, which closes it: its writer does not.
  void set_served() noexcept { served_ = true; }
  [[nodiscard]] bool is_served() const noexcept { return served_; }

 private:
  ~stream_connection() override = default;
  void was_lost() noexcept override { ended_ = true; }
  [[nodiscard]] std::string take_received() override { return take(buffered().size()); }

  std::string buffer_;
  std::size_t read_ = 0;  // of the buffer
  std::size_t limit_;
  bool ended_ = false;
  bool is_read_ = false;
  bool served_ = false;
};

using stream_ref = record_ref<stream_connection>;

[[nodiscard]] stream_ref make_stream_connection(byte_stream stream, std::size_t limit);

}  // namespace hocket::detail
