#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/detail/stream_connection.hpp>
#include <hocket/io/stream_error.hpp>

namespace hocket {

/// What a stream reader holds at most, without the separator, while it looks for one: 64 KiB, as in asyncio.
inline constexpr std::size_t default_stream_limit = 64 * 1024;

/// The receiving half of a connection: bytes by number, by line, up to a separator. `open_connection` and servers make it.
///
/// It asks the stream for bytes when somebody reads and too few are at hand, never ahead: nobody is read from in the background,
/// and the peer is held up as soon as nobody reads. So an error, and the end, are seen by who reads.
///
/// One task reads at a time; a second one gets `invalid_state_error`. Reads throw std::system_error (from then on each does),
/// and `cancelled`: a cancelled read has taken no byte. Once the writer has closed or aborted, the end is read. The reader may
/// be destroyed or moved while something of it is awaited. Belongs to its loop. Counterpart: asyncio.StreamReader.
class stream_reader {
 public:
  static constexpr std::size_t to_the_end = std::numeric_limits<std::size_t>::max();

  explicit stream_reader(detail::stream_ref connection) noexcept : connection_(std::move(connection)) {}

  /// Everything up to the end; or, given a number, some bytes, `most` at most, as soon as there are any. Empty at the end.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<std::string> read(std::size_t most = to_the_end);

  /// Exactly so many bytes, however many. Throws `incomplete_read_error`, which has the rest, if the end comes first.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<std::string> readexactly(std::size_t count);

  /// A line with its '\n'; at the end what is left, without one. Empty at the end only. Of a line longer than the limit, throws
  /// `limit_overrun_error`, and what is at hand of it is lost: all of it with its '\n' if that has come, otherwise all bytes.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<std::string> readline();

  /// Up to and with `separator`. Throws `incomplete_read_error`, which has what was left, at the end, and `limit_overrun_error`
  /// if there is no separator within the limit; then the bytes stay. std::invalid_argument if it is empty.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<std::string> readuntil(std::string separator = "\n");
  /// The same up to the separator that is complete first; none may be empty.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<std::string> readuntil(std::vector<std::string> separators);

  /// The lines that `readline` gives, to the end. Counterpart: `async for line in reader`.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<std::string> lines();

  /// True when a read has seen the end and nothing is left.
  [[nodiscard]] bool at_eof() const noexcept { return connection_->has_ended() && connection_->buffered().empty(); }

  /// Bytes that were received and not read.
  [[nodiscard]] std::size_t buffered() const noexcept { return connection_->buffered().size(); }

 private:
  detail::stream_ref connection_;
};

}  // namespace hocket
