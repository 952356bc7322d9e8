#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::testing {

/// How one direction of a pair of memory streams carries bytes, and what goes wrong with them.
struct memory_link_options {
  /// Bytes that may have been sent and not received yet; then the sender waits. At least one.
  std::size_t capacity = 64 * 1024;
  /// Sizes of the pieces as which bytes are received, whatever they were sent as; the last one holds for all that follows, and
  /// 0 is no cut. `{1}` gives single bytes, `{n, 0}` cuts once, after n bytes. Empty: all that has arrived, as the system does.
  std::vector<std::size_t> cuts{};
  /// Cuts at random instead, into pieces of up to so many bytes, by the loop's random source: one seed, one segmentation.
  std::size_t longest_random_piece = 0;
  /// From the send to the arrival, on the loop's clock.
  duration delay{};
  /// After so many bytes the receiver sees the end. The sender is not told; what else it sends vanishes.
  std::optional<std::size_t> end_after{};
  /// After so many bytes the connection is reset, in both directions.
  std::optional<std::size_t> reset_after{};

  struct failure {
    std::size_t at = 0;  // the first call is 1; 0: none fails
    std::errc error = std::errc::connection_reset;
  };
  /// One call that fails, without having received or sent anything; those after it work.
  failure fail_receive{};
  failure fail_send{};
};

struct memory_stream_options {
  memory_link_options to_server{};  // what the client sends
  memory_link_options to_client{};
};

namespace detail {
class memory_link;
}

/// One end of a connection in memory: the layer inside of each stream that `memory_streams` gives.
///
/// It behaves as a connected socket does: a closed or aborted end gives its peer what was sent, then the end, or a reset if
/// bytes for it were left unread; who sends to an end that is gone gets `std::errc::broken_pipe`.
class memory_stream final : public stream_layer {
 public:
  memory_stream(std::shared_ptr<detail::memory_link> in, std::shared_ptr<detail::memory_link> out) noexcept;
  ~memory_stream() override;

  coro<buffer> receive() override;
  coro<void> send(std::span<const std::string_view> pieces) override;
  coro<void> shutdown_send() override;
  coro<void> close() override;
  void abort() noexcept override;
  [[nodiscard]] bool has_something_to_read() const noexcept override;

  /// Resets the connection: both ends still receive what has arrived, then get `std::errc::connection_reset`.
  void reset() noexcept;

  /// Bytes that the peer has sent and this end has not received, those under way included.
  [[nodiscard]] std::size_t unread() const noexcept;

 private:
  std::shared_ptr<detail::memory_link> in_;
  std::shared_ptr<detail::memory_link> out_;
};

struct memory_stream_pair {
  byte_stream client;
  byte_stream server;
};

/// Two connected streams in memory: what one sends the other receives, without a system call, on the running loop. They have
/// no addresses. `stream.find_layer<memory_stream>()` is the end itself.
[[nodiscard]] memory_stream_pair memory_streams(memory_stream_options options = {});

}  // namespace hocket::testing
