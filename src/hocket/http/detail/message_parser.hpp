#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/interim_hook.hpp>

namespace hocket::http::detail {

struct parser_limits {
  std::size_t head_bytes = 64 * 1024;            ///< start line and fields, interim responses before it included
  std::size_t line_bytes = 64 * 1024;            ///< the start line, a field; without its end
  std::size_t fields = 256;                      ///< in the head; as many again in the trailers
  std::size_t chunk_overhead_bytes = 16 * 1024;  ///< extensions and trailers, over the whole body
};

enum class parse_event {
  need_more,  ///< all of the input is consumed and does not complete anything
  head,       ///< start line and fields are there
  body,       ///< a piece of the body, never empty
  end,        ///< the message is complete; what is left of the input belongs to the next
};

class message_reader;

/// Reads the responses of one connection, one after the other.
///
///     parser.begin("GET");
///     for (;;) switch (parser.next(input, body)) { ... }
///
/// Interim responses (100, 103, ...) are passed over, but for 101, which is reported and ends with its head: what
/// follows is another protocol. Chunks are decoded; trailers are kept. Whatever way the bytes are cut
/// into inputs, the events are the same and the bodies, concatenated, too.
///
/// Breaches of the protocol are `bad_message`; after one, only `begin` may be called. Reading the next message on the
/// connection with the same parser allocates nothing once its buffers have grown.
/// Source: RFC 9112.
class response_parser {
 public:
  explicit response_parser(parser_limits limits = {});
  response_parser(response_parser&&) noexcept;
  response_parser& operator=(response_parser&&) noexcept;
  ~response_parser();

  /// Makes ready for the next response on the connection, which answers a request of that method: HEAD and CONNECT
  /// change what a response looks like. `interim` is told of interim responses, and lives until the head was read; null: nobody is.
  void begin(std::string_view request_method, interim_hook* interim = nullptr);

  /// Reads on, consuming from the front of `input`. `body` is set with the event `body` and points into the input.
  /// Throws `bad_message`, and `invalid_state_error` when the message has ended already.
  parse_event next(std::string_view& input, std::string_view& body);

  /// Says that the peer sends no more. Ends a body that lasts until then, and has no effect on a complete message;
  /// throws `bad_message` if the response is cut off or has not begun (see `started`).
  void finish_eof();

  /// Whether a byte of the response has been read. If not, a connection closed by the peer lost nothing but itself.
  [[nodiscard]] bool started() const noexcept;

  /// Whether the server has said since `begin` that it wants the request's body: 100 Continue.
  [[nodiscard]] bool continues() const noexcept;

  // From `head` until the next `begin`:

  [[nodiscard]] int status() const noexcept;               ///< 101, or 200 to 999
  [[nodiscard]] std::string_view reason() const noexcept;  ///< as sent; may be empty
  [[nodiscard]] int http_minor() const noexcept;           ///< 0 or 1, of HTTP/1.x

  /// May be moved from or swapped out.
  [[nodiscard]] http::headers& headers() noexcept;

  /// Those behind the body, from `end` on; the same.
  [[nodiscard]] http::headers& trailers() noexcept;

  /// What Content-Length says, even where there is no body (HEAD, 304).
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

  /// Whether the connection carries another response after this one has ended.
  [[nodiscard]] bool keep_alive() const noexcept;

  /// Whether the connection speaks another protocol from `end` on: after 101, and after CONNECT was granted.
  [[nodiscard]] bool upgraded() const noexcept;

 private:
  std::unique_ptr<message_reader> reader_;
};

/// Reads the requests of one connection, one after the other; otherwise as `response_parser`.
///
/// Empty lines before a request are passed over (RFC 9112, 2.2). A request has exactly one Host in HTTP/1.1, and a
/// target of the form that its method allows.
class request_parser {
 public:
  explicit request_parser(parser_limits limits = {});
  request_parser(request_parser&&) noexcept;
  request_parser& operator=(request_parser&&) noexcept;
  ~request_parser();

  /// Makes ready for the next request on the connection. A new parser is ready.
  void begin();

  /// As `response_parser::next`.
  parse_event next(std::string_view& input, std::string_view& body);

  /// Says that the peer sends no more. Throws `bad_message` if that cuts a request off; between requests it is an
  /// orderly end.
  void finish_eof();

  /// Whether a byte of the request has been read, empty lines before it aside.
  [[nodiscard]] bool started() const noexcept;

  /// The first line as it was sent, without its end, as much of it as has come: after `bad_message` too, and then any bytes.
  /// Never longer than a line may be.
  [[nodiscard]] std::string_view start_line() const noexcept;

  // From `head` until the next `begin`:

  [[nodiscard]] std::string_view method() const noexcept;  ///< one of those that llhttp knows; static
  [[nodiscard]] std::string_view target() const noexcept;  ///< as sent: printable ASCII without a fragment
  [[nodiscard]] int http_minor() const noexcept;           ///< 0 or 1, of HTTP/1.x

  /// May be moved from or swapped out.
  [[nodiscard]] http::headers& headers() noexcept;

  /// Those behind the body, from `end` on.
  [[nodiscard]] const http::headers& trailers() const noexcept;

  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

  /// Whether the body is sent in chunks: its end will tell its length.
  [[nodiscard]] bool is_chunked() const noexcept;

  /// Whether the client lets the connection carry another request after this one.
  [[nodiscard]] bool keep_alive() const noexcept;

  /// Whether the client waits for `100 Continue` before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept;

  /// Whether the client asks for another protocol on this connection (Connection: upgrade, or CONNECT). Input after
  /// `end` is that protocol's only if the server agrees; after CONNECT it is never a request.
  [[nodiscard]] bool wants_upgrade() const noexcept;

  /// After a `bad_message`: what came is the preface with which HTTP/2 begins (RFC 9113, 3.4), all of it, and the input goes on behind it.
  [[nodiscard]] bool is_http2_preface() const noexcept;

 private:
  std::unique_ptr<message_reader> reader_;
};

}  // namespace hocket::http::detail
