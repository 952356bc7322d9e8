#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/server/http_error.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http {

namespace detail {
class interim_sink;
class request_access;
}  // namespace detail

/// A request that a server has got: its head is there, its body comes as it is asked for. It and all that it shows are alive and stay
/// the same until the reply was sent; it belongs to one task at a time. Counterpart: aiohttp.web.Request.
class request final : public body_source {
 public:
  request() = default;
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  /// The first line as it was sent, "GET /path HTTP/1.1"; of HTTP/2, which has none, as it would be. Of a request that the server itself refuses,
  /// which only `server_options::on_answered` sees, as much as had come, and that may be any bytes; such a one has neither method, target, host
  /// nor version, and of its fields those that were read.
  [[nodiscard]] std::string_view request_line() const noexcept { return request_line_; }
  [[nodiscard]] std::string_view method() const noexcept { return method_; }
  /// As it was sent, without scheme and host if it had them: "/path?query". "*" and, for CONNECT, "host:port" are the others.
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  /// The target up to its query, percent-encoded as it was sent.
  [[nodiscard]] std::string_view path() const noexcept { return target_.substr(0, path_size()); }
  /// What follows the '?'; empty if nothing does.
  [[nodiscard]] std::string_view query() const noexcept {
    return target_.substr(std::min(path_size() + 1, target_.size()));
  }
  /// Host and perhaps port, as the target or else the field Host says; empty in HTTP/1.0 without one.
  [[nodiscard]] std::string_view host() const noexcept { return host_; }
  [[nodiscard]] const http::headers& headers() const noexcept { return *headers_; }
  /// "HTTP/1.1", as in the request's first line; "HTTP/2.0".
  [[nodiscard]] std::string_view version() const noexcept { return version_; }
  /// "http" or "https".
  [[nodiscard]] std::string_view scheme() const noexcept { return scheme_; }
  /// Who is connected, or behind proxies that the server trusts who made the request; the unspecified address if the connection
  /// has no socket.
  [[nodiscard]] const socket_address& peer() const noexcept { return peer_; }

  /// A part of the path that the route named, as `{id}` in "/users/{id}"; percent-decoded. Throws `invalid_state_error` if the route
  /// has no such part.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// The same, or nothing if it has no such part.
  [[nodiscard]] std::optional<std::string_view> find_parameter(std::string_view name) const noexcept;
  /// The same as a number. Throws `http_error` 404 if it is none that fits.
  template <std::integral Number>
  [[nodiscard]] Number parameter(std::string_view name) const {
    const std::string_view text = parameter(name);
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) throw http_error(404);
    return number;
  }

  // ---- the body

  /// What Content-Length says; nothing if the body is sent in chunks.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }
  [[nodiscard]] bool has_body() const noexcept { return content_length_.value_or(1) > 0; }

  /// The next piece of the body, valid until the next call; empty at its end and nowhere else. A client that waits for "100 Continue" gets it
  /// at the first call. Cancelled, also by a time-out around it, it loses nothing: the next call goes on, but the time counts for the rate that
  /// the client owes (`server_options::min_rate`); only one that is cancelled while it sends "100 Continue" gives up the client. Throws
  /// `http_error` (400, 408, 413) for a body that breaks the protocol or comes too slowly, std::system_error if the client has gone; then
  /// every further call throws the same.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string_view> next() override { return source_->next(); }
  /// The fields behind the body, once all of it was read.
  [[nodiscard]] const http::headers& trailers() const noexcept override { return source_->trailers(); }
  /// What is left of the body, as one string. Throws as `next`, and `http_error` 413 if that is more than `limit_bytes`, or more
  /// than the server's `max_body` if nothing is said.
  [[nodiscard]] coro<std::string> read(std::optional<std::size_t> limit_bytes = {});

  // ---- before the reply

  /// Tells the client by 103 (Early Hints) what the reply will need (`Link: </style.css>; rel=preload`), any number of times. Suspends while the client
  /// takes nothing; clients of HTTP/1.0 are told nothing. Throws `invalid_state_error` once the reply has begun, `timeout_error` after
  /// `server_options::grace`, std::system_error if the client has gone, `cancelled`; over HTTP/1.1 these give up the client.
  /// Source: RFC 8297.
  [[nodiscard]] coro<void> send_early_hints(http::headers fields);

  // ---- what middlewares and handlers tell each other

  /// The value of that type which was set for this request, or null.
  template <class Value>
  [[nodiscard]] Value* get() noexcept {
    for (const extra& each : extras_)
      if (each.type == typeid(Value)) return static_cast<Value*>(each.value.get());
    return nullptr;
  }
  template <class Value>
  [[nodiscard]] const Value* get() const noexcept {
    return const_cast<request*>(this)->get<Value>();
  }
  /// Sets the value of its type, in place of what was there.
  template <class Value>
  std::decay_t<Value>& set(Value&& value) {
    auto held = std::make_shared<std::decay_t<Value>>(std::forward<Value>(value));
    auto& result = *held;
    std::erase_if(extras_, [](const extra& each) { return each.type == typeid(std::decay_t<Value>); });
    extras_.push_back({typeid(std::decay_t<Value>), std::move(held)});
    return result;
  }

 private:
  friend class detail::request_access;

  struct named_part {
    std::string_view name;
    std::string value;
  };
  struct extra {
    std::type_index type;
    std::shared_ptr<void> value;
  };

  [[nodiscard]] std::size_t path_size() const noexcept { return std::min(target_.find('?'), target_.size()); }

  std::string_view request_line_;
  std::string_view method_;
  std::string_view target_;
  std::string_view host_;
  std::string_view version_;
  std::string_view scheme_;
  const http::headers* headers_ = nullptr;
  socket_address peer_;
  std::optional<std::uint64_t> content_length_ = 0;
  std::size_t max_body_ = 0;
  body_source* source_ = nullptr;
  detail::interim_sink* interim_ = nullptr;
  std::vector<std::string> segments_;  // of the path, decoded
  std::size_t routed_ = 0;             // of these
  std::vector<named_part> parameters_;
  std::vector<extra> extras_;
};

}  // namespace hocket::http
