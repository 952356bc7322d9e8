#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/function.hpp>
#include <hocket/core/aclosing.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {

/// Where the pieces of a message's body go. Each call suspends while the peer takes nothing, and throws std::system_error when it
/// is gone, `timeout_error` when it takes nothing for too long, and `cancelled`; after that the message cannot be completed.
class body_writer {
 public:
  virtual ~body_writer() = default;

  /// Sends a piece, which must stay alive meanwhile; an empty one sends nothing. Throws `invalid_state_error` of more than was
  /// announced. It goes at once, unless a coding keeps it: see `flush`.
  [[nodiscard]] virtual coro<void> write(std::string_view piece) = 0;
  /// Sends `length` bytes of a file from `offset` on; to a plain socket they never come to the program. Throws `hocket::error` if
  /// the file has become shorter.
  [[nodiscard]] virtual coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) = 0;
  /// Sends what a coding still keeps, and the head if nothing else was sent, for a peer that waits for it: an event, a line of progress.
  [[nodiscard]] virtual coro<void> flush() = 0;

  /// Adds a field that is sent behind the body: a checksum, how it went. Who passes the message on may leave it out, and to a client of HTTP/1.0 there are
  /// none. Throws `invalid_state_error` of a body whose length was announced, hocket::error of a field that has to be known before the body
  /// (Content-Type, Set-Cookie), and as `headers::add`. Source: RFC 9110, 6.5.
  virtual void add_trailer(std::string_view name, std::string_view value);
};

/// The bytes of a message's body as they arrive, from a connection or through a coding.
class body_source {
 public:
  virtual ~body_source() = default;

  /// The next piece, valid until the next call; empty at the end of the body, and from then on. Suspends while none has come, and
  /// the peer is held back while nobody asks. Cancelled, also by a time-out around it, it loses nothing: the next call goes on. Throws what went
  /// wrong on the way, and the same again at each further call: a body that was cut off never looks like one that has ended.
  [[nodiscard]] virtual coro<std::string_view> next() = 0;

  /// The fields behind the body, once `next` has given its end; empty before, and if there are none. They are bounded as those of a head are, and
  /// nothing that they say takes the place of what the head says. Source: RFC 9110, 6.5.
  [[nodiscard]] virtual const headers& trailers() const noexcept;
};

/// The body of a message that is sent, of a request or a reply: nothing, text, a part of a file, pieces that are made while they
/// are sent, or several of these. Whoever sends it decides how: a body that knows its length goes with Content-Length, another one in chunks.
class body {
 public:
  /// Makes the pieces. Called when the head is about to be sent, and again if the message must be sent again (see `can_repeat`).
  using producer = function<coro<void>(body_writer&)>;

  /// Of no bytes.
  body() noexcept = default;
  body(std::string text) noexcept : content_(std::move(text)) {}
  body(const char* text) : content_(std::string(text)) {}

  /// Bytes that stay alive and the same until the message was sent.
  [[nodiscard]] static body borrow(std::string_view bytes) noexcept { return body(content(bytes)); }
  /// `length` bytes of a file from `offset` on. What is added to the file meanwhile is not sent; if it has become shorter, the message
  /// cannot be completed (see `body_writer::write_file`).
  [[nodiscard]] static body of_file(file from, std::uint64_t offset, std::uint64_t length) {
    return body(content(file_part{std::move(from), offset, length}));
  }
  /// The same of all that is in the file now. Throws std::system_error, and hocket::error of what is no file but a pipe, a device, a folder.
  [[nodiscard]] static body of_file(file from);
  /// What `produce` writes: exactly `length` bytes if that is given.
  [[nodiscard]] static body stream(producer produce, std::optional<std::uint64_t> length = {}) {
    return body(content(std::make_unique<stream_part>(std::move(produce), length, true)));
  }
  /// What a generator yields; it is closed when the message was sent, or could not be.
  template <std::convertible_to<std::string_view> Piece>
  [[nodiscard]] static body pieces(async_generator<Piece> from, std::optional<std::uint64_t> length = {});

  /// All of them, one after the other. Those that know their length are held to it: more is an `invalid_state_error`, less a hocket::error.
  [[nodiscard]] static body sequence(std::vector<body> parts);

  /// What comes from another message's body, each piece as it arrives: no more is taken from there than goes out here. `from` stays alive
  /// until the message was sent. It cannot be repeated.
  [[nodiscard]] static body relay(body_source& from, std::optional<std::uint64_t> length = {});
  /// The same, of a source that it owns: a `response`.
  template <std::derived_from<body_source> Source>
  [[nodiscard]] static body relay(Source&& from, std::optional<std::uint64_t> length = {});

  /// In bytes; nothing if only the end will tell.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
  /// Known to be of no bytes.
  [[nodiscard]] bool is_empty() const noexcept { return length() == 0; }
  /// It can be sent more than once: what a generator has yielded is gone.
  [[nodiscard]] bool can_repeat() const noexcept;
  /// The bytes, if they are in memory.
  [[nodiscard]] std::optional<std::string_view> in_memory() const noexcept;

  /// Writes all of it. Throws what `to` throws and what makes the pieces throws.
  [[nodiscard]] coro<void> write_to(body_writer& to);

 private:
  struct file_part {
    file from;
    std::uint64_t offset;
    std::uint64_t length;
  };
  struct stream_part {
    producer produce;
    std::optional<std::uint64_t> length;
    bool can_repeat;
  };
  using content =
      std::variant<std::string, std::string_view, file_part, std::unique_ptr<stream_part>, std::vector<body>>;
  explicit body(content held) noexcept : content_(std::move(held)) {}
  [[nodiscard]] coro<void> write_measured(body_writer& to);

  content content_;
};

namespace detail {

coro<void> relay(body_source& from, body_writer& to);

template <class Piece>
coro<void> write_all(async_generator<Piece> from, body_writer& to) {
  co_await aclosing(std::move(from), [&to](async_generator<Piece>& all) -> coro<void> {
    while (auto piece = co_await all.next()) co_await to.write(*piece);
  });
}

}  // namespace detail

template <std::convertible_to<std::string_view> Piece>
body body::pieces(async_generator<Piece> from, std::optional<std::uint64_t> length) {
  auto produce = [held = std::move(from)](body_writer& to) mutable -> coro<void> {
    co_await detail::write_all(std::move(held), to);
  };
  return body(content(std::make_unique<stream_part>(std::move(produce), length, false)));
}

template <std::derived_from<body_source> Source>
body body::relay(Source&& from, std::optional<std::uint64_t> length) {
  auto produce = [held = std::forward<Source>(from)](body_writer& to) mutable -> coro<void> {
    co_await detail::relay(held, to);
  };
  return body(content(std::make_unique<stream_part>(std::move(produce), length, false)));
}

}  // namespace hocket::http
