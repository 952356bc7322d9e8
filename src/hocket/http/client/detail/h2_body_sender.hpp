#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/body.hpp>
#include <hocket/http/client/detail/patience.hpp>
#include <hocket/http/client/tracing.hpp>
#include <hocket/http/detail/h2_stream.hpp>

namespace hocket::http::detail {

/// Writes the body of a request on a stream of HTTP/2, whose head was submitted.
class h2_body_sender final : public body_writer {
 public:
  /// Refers to all but `length` until it has ended.
  h2_body_sender(h2_stream& to, std::optional<std::uint64_t> length, const patience& limits,
                 const trace_point& trace) noexcept
      : to_(to), left_(length), limits_(limits), trace_(trace) {}

  coro<void> write(std::string_view piece) override;
  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override;
  coro<void> flush() override;
  void add_trailer(std::string_view name, std::string_view value) override;

  /// Throws `client_error` if less was written than was announced.
  coro<void> finish();

  /// A send, and not what makes the body, has found that the peer wants no more of it.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }
  /// The peer took nothing for too long.
  [[nodiscard]] bool is_stuck() const noexcept { return stuck_; }

 private:
  void account(std::uint64_t size);
  coro<void> send(std::string_view part, bool is_last);

  h2_stream& to_;
  std::optional<std::uint64_t> left_;  // of what was announced
  const patience& limits_;
  headers trailers_;
  bool refused_ = false;
  bool stuck_ = false;
  const trace_point& trace_;
};

}  // namespace hocket::http::detail
