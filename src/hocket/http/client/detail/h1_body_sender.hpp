#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/body.hpp>
#include <hocket/http/client/detail/patient_stream.hpp>
#include <hocket/http/client/tracing.hpp>

namespace hocket::http::detail {

/// Writes the body of a request as its framing wants it: in chunks, if its length is not known. The head goes with the first piece.
class h1_body_sender final : public body_writer {
 public:
  /// Refers to all but `length` until it has ended.
  h1_body_sender(patient_stream& to, std::string_view head, std::optional<std::uint64_t> length,
                 const trace_point& trace) noexcept
      : to_(to), head_(head), left_(length), trace_(trace) {}

  coro<void> write(std::string_view piece) override;
  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override;
  coro<void> flush() override;
  void add_trailer(std::string_view name, std::string_view value) override;

  /// Throws `client_error` if less was written than was announced.
  coro<void> finish();

  /// A send, and not what makes the body, has found that the peer has ended the connection.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }
  /// The peer took nothing for too long.
  [[nodiscard]] bool is_stuck() const noexcept { return stuck_; }

 private:
  void account(std::uint64_t size);
  std::string_view chunk_line(std::uint64_t size);
  coro<void> send(std::array<std::string_view, 3> pieces);
  coro<void> note_failure(coro<void> sending);

  patient_stream& to_;
  std::string_view head_;
  std::optional<std::uint64_t> left_;  // of what was announced; nothing: in chunks
  std::array<char, 20> line_{};
  headers trailers_;
  bool refused_ = false;
  bool stuck_ = false;
  const trace_point& trace_;
};

}  // namespace hocket::http::detail
