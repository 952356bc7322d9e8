#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <hocket/base/attributes.hpp>
#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/middleware.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/client/request_options.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/http/client/timeouts.hpp>
#include <hocket/http/client/tracing.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

namespace detail {
class session_state;
}

/// What is done with a response while its request may still be being sent.
using response_user = function<coro<void>(response&)>;

/// A client of HTTP/1.1 and HTTP/2: a pool of connections that are kept alive, with limits in all and for each origin. Which of the two is
/// spoken TLS agrees upon; over HTTP/2 all requests to an origin share a connection (`session_options::http2`).
///
/// Waiting for a free connection is first come, first served. A connection that turns out to be stale before any byte of
/// the response came is replaced once, for requests that may be sent again and can; what a server of HTTP/2 says that it did nothing with is
/// sent again, whatever it is. Redirects are followed (never to another scheme
/// but http and https, nor from https to http unless asked; credentials are dropped across origins): 303 makes a GET of all but HEAD,
/// 301 and 302 of POST; else method and body stay. Servers of https are verified; TLS's sessions are resumed.
///
/// An answer of 300 or above that comes while the body is still being sent ends the sending, and a connection of HTTP/1.1 with it; others are
/// given when the body has been sent, or at once (`exchange`, `request_options::stop_at_answer`).
///
/// Belongs to one loop; must outlive its requests. Counterpart: aiohttp.ClientSession.
class session {
 public:
  /// Throws `hocket::error` if the user agent cannot be the value of a field, or `default_headers` has what belongs to single requests
  /// (Content-Length, Host, Transfer-Encoding).
  explicit session(session_options options = {});
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Sends a request and gives the response when its head has arrived. Throws `client_error` and what derives from it,
  /// `protocol_error`, `timeout_error`, `tls_error`, std::system_error, what makes the body, `cancelled`.
  [[nodiscard]] coro<response> request(std::string method, hocket::url target, request_options options = {});
  /// The same for a URL as text, resolved against `session_options::base_url`; throws `client_error` if it is none.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> request(std::string method, std::string_view target,
                                                                  request_options options = {});

  /// Sends a request and calls `use` with the response as soon as its head has arrived: also below 300, and while the body is still being sent, for
  /// servers that answer as they read. `use` has to read, or the server may stop reading, too. It ends when `use` has ended; what is not
  /// sent by then, or when the answer has ended, is not sent any more, and the connection is closed. Throws what `request` and `use` throw.
  /// Counterpart: async with session.request(...).
  ///
  ///     co_await web.exchange("POST", url, {.body = body::pieces(questions())}, [&](http::response& answer) -> coro<void> {
  ///       for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) use(piece);
  ///     });
  [[nodiscard]] coro<void> exchange(std::string method, hocket::url target, request_options options, response_user use);
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<void> exchange(std::string method, std::string_view target,
                                                               request_options options, response_user use);

  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> get(hocket::url target, request_options options = {}) {
    return request("GET", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> head(hocket::url target, request_options options = {}) {
    return request("HEAD", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> post(hocket::url target, request_options options = {}) {
    return request("POST", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> put(hocket::url target, request_options options = {}) {
    return request("PUT", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> patch(hocket::url target, request_options options = {}) {
    return request("PATCH", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> delete_(hocket::url target, request_options options = {}) {
    return request("DELETE", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> options(hocket::url target, request_options options = {}) {
    return request("OPTIONS", std::move(target), std::move(options));
  }

  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> get(std::string_view target, request_options options = {}) {
    return request("GET", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> head(std::string_view target, request_options options = {}) {
    return request("HEAD", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> post(std::string_view target, request_options options = {}) {
    return request("POST", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> put(std::string_view target, request_options options = {}) {
    return request("PUT", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> patch(std::string_view target, request_options options = {}) {
    return request("PATCH", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> delete_(std::string_view target,
                                                                  request_options options = {}) {
    return request("DELETE", target, std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> options(std::string_view target,
                                                                  request_options options = {}) {
    return request("OPTIONS", target, std::move(options));
  }

 private:
  std::unique_ptr<detail::session_state> state_;
};

}  // namespace hocket::http
