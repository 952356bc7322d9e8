#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <hocket/http/detail/flood_guard.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/sync/event.hpp>

struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace hocket::http::detail {

class h2_stream;
struct h2_callbacks;

/// Why a stream or a connection ends. RFC 9113, 7
enum class h2_error : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  settings_timeout = 0x4,
  refused_stream = 0x7,
  cancel = 0x8,
  enhance_your_calm = 0xb,
  http_1_1_required = 0xd,
};

/// As RFC 9113 calls it: "CANCEL".
[[nodiscard]] std::string_view name_of_h2_error(std::uint32_t code) noexcept;

struct h2_limits {
  std::uint32_t streams = 100;  ///< of the peer, at once; a server begins none
  std::uint32_t window_bytes = 128 * 1024;
  std::uint32_t connection_window_bytes = 1024 * 1024;
  std::uint32_t head_bytes = 32 * 1024;  ///< what the peer is told; a head four times as large ends the connection
  bool takes_protocols = false;          ///< a client may ask for another protocol on a stream (RFC 8441)
};

/// One side of a connection of HTTP/2, without its I/O: what comes is given to `receive`, and what is to be sent is found in `output`.
/// nghttp2 knows frames, header compression, states and windows; here are our limits, and whom it tells.
///
/// Its streams are told of what is theirs, and it is told by its derived class what the peer may do. All that happens inside of `receive` and
/// `collect`, where `receive` may not be called again.
class h2_session {
 public:
  h2_session(const h2_session&) = delete;
  h2_session& operator=(const h2_session&) = delete;

  /// Reads what has come. A peer that breaks the protocol is told so in the output, and nothing more is wanted of it. Throws what a stream has
  /// thrown, std::bad_alloc.
  void receive(std::string_view bytes);
  /// Moves frames that may go to the output, until that is large. Inside of `receive` and itself it only sets `has_output`: whoever is told of
  /// something there may want to send, and nghttp2 must not be called to write while it calls.
  void collect();

  /// Frames for the peer. Whoever takes them collects again, for more may wait.
  [[nodiscard]] std::string& output() noexcept { return output_; }
  /// Set while there are any, or something is to be collected.
  [[nodiscard]] event& has_output() noexcept { return has_output_; }

  [[nodiscard]] bool wants_to_read() const noexcept;
  [[nodiscard]] bool wants_to_write() const noexcept;
  /// It does without end what is allowed now and then.
  [[nodiscard]] bool is_flooded() const noexcept { return is_too_much_; }
  /// It has sent one that is four times as large as it was told.
  [[nodiscard]] bool has_too_large_head() const noexcept { return head_size_ > largest_head_; }
  /// The peer has begun what is nothing before it is whole: the connection, the head of a message.
  [[nodiscard]] bool is_amid_head() const noexcept { return is_amid_head_; }

  // What is to be sent: with the next `collect`.

  /// As RFC 9113, 6.5.2, counts the size of a head; larger ones are not sent.
  static constexpr std::size_t most_sent_head = 1024 * 1024;
  [[nodiscard]] static std::size_t size_of_head(std::span<const headers::field> fields) noexcept;
  /// Throws hocket::error of larger ones.
  static void require_sendable(std::string_view what, std::span<const headers::field> fields);
  /// Of a client: begins a stream, with pseudo-header fields first. False: there are no numbers left for streams on this connection.
  /// Precondition: `size_of_head` is at most `most_sent_head`.
  [[nodiscard]] bool submit_request(h2_stream& on, std::span<const headers::field> fields, bool has_body);
  /// Of a server's stream. Interim replies (100, 103) come before it. Throw hocket::error of a head that is too large.
  void submit_reply(h2_stream& on, int status, std::span<const headers::field> fields, bool has_body);
  void submit_interim_reply(h2_stream& on, int status, std::span<const headers::field> fields);
  /// There is more of the body that a stream sends.
  void resume(h2_stream& body);
  void reset(h2_stream& which, h2_error why);
  /// So many bytes of what the stream has received were taken: the peer may send as many again.
  void give_credit(std::int32_t stream, std::size_t bytes);

  /// The peer should begin no more streams; those that it begins nevertheless, for it has not heard yet, are served.
  void announce_end();
  /// No stream that the peer begins from here on is served.
  void end();
  void ping();
  /// Ends the connection at once, with that reason.
  void terminate(h2_error why) noexcept;

 protected:
  enum class side { client, server };
  h2_session(side which, const h2_limits& limits);
  virtual ~h2_session();

  /// A request's head begins, a client's. Null: it is refused, not having been processed.
  virtual h2_stream* request_begins(std::int32_t) { return nullptr; }
  /// The last that is heard of it.
  virtual void stream_ends(h2_stream& which) noexcept = 0;
  virtual void ping_answered() = 0;
  /// The peer has said what it allows.
  virtual void settings_come() {}
  /// The peer has heard what we allow.
  virtual void settings_acknowledged() {}
  /// The peer will process no stream above `last`, and no new ones.
  virtual void peer_leaves(std::int32_t /*last*/, std::uint32_t /*why*/) {}

  /// A server allows to ask for another protocol on a stream: `:protocol`.
  [[nodiscard]] bool peer_takes_protocols() const noexcept;
  /// How many streams it allows us at once.
  [[nodiscard]] std::uint32_t peer_max_streams() const noexcept;

 private:
  friend struct h2_callbacks;
  friend class h2_stream;

  struct deleter {
    void operator()(nghttp2_session* unused) const noexcept;
  };

  void submit_trailers(std::int32_t stream, const headers& fields);
  [[nodiscard]] bool admits_oddity() noexcept;
  [[nodiscard]] int has_enough() noexcept;
  [[nodiscard]] std::string_view next_output();
  void rethrow_parked();

  std::unique_ptr<nghttp2_session, deleter> session_;
  std::size_t largest_head_;
  std::string output_;
  std::string_view collected_;  // not in it yet
  event has_output_;
  flood_guard oddities_;
  std::size_t pings_asked_ = 0;       // and not answered
  std::size_t windows_expected_ = 0;  // updates of them, for what was sent
  std::exception_ptr parked_;         // thrown in a callback
  std::size_t head_size_ = 0;         // of the head that comes
  bool is_amid_head_ = true;
  bool is_too_much_ = false;  // what the peer does
  bool is_deaf_ = false;      // it was
  bool is_inside_ = false;    // nghttp2 is at work
};

}  // namespace hocket::http::detail
