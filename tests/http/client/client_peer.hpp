#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::testing {

/// A request with its body, as a server reads it.
struct seen_request {
  std::string method{};
  std::string target{};
  http::headers fields{};
  std::string body{};
  bool complete = false;
};

/// Reads the requests of one connection. Bytes beyond a request wait for the next.
template <class Stream>
class request_reader {
 public:
  explicit request_reader(Stream& from) : from_(from) {}

  /// Until the head is there; not complete if the client has closed before.
  coro<seen_request> head() {
    parser_.begin();
    seen_request seen;
    std::string_view none;
    if (co_await next(none) != http::detail::parse_event::head) co_return seen;
    seen.method = parser_.method();
    seen.target = parser_.target();
    seen.fields = parser_.headers();
    seen.complete = true;
    co_return seen;
  }

  /// And its body.
  coro<seen_request> whole() {
    seen_request seen = co_await head();
    if (seen.complete) co_await body(seen);
    co_return seen;
  }

  /// The next piece of its body; empty at its end, or if the client has closed before.
  coro<std::string> piece() {
    std::string_view piece;
    if (co_await next(piece) != http::detail::parse_event::body) co_return "";
    co_return std::string(piece);
  }

  coro<void> body(seen_request& of) {
    of.complete = false;
    for (;;) {
      std::string_view piece;
      const auto event = co_await next(piece);
      if (event == http::detail::parse_event::body) of.body += piece;
      if (event == http::detail::parse_event::end) of.complete = true;
      if (event != http::detail::parse_event::body) co_return;
    }
  }

  /// Bytes that have come and were not asked for.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  coro<http::detail::parse_event> next(std::string_view& piece) {
    for (;;) {
      const auto event = parser_.next(rest_, piece);
      if (event != http::detail::parse_event::need_more) co_return event;
      received_ = co_await from_.receive();
      if (!received_) co_return http::detail::parse_event::need_more;
      rest_ = received_.text();
    }
  }

  Stream& from_;
  http::detail::request_parser parser_;
  buffer received_;
  std::string_view rest_;
};

/// A script that answers every request of every connection, which it reads with its body.
template <class Answer>
scripted_server::script answering_messages(Answer answer) {
  return [answer = std::move(answer)](tcp_socket& peer, std::size_t) mutable -> coro<void> {
    request_reader requests(peer);
    for (;;) {
      const seen_request seen = co_await requests.whole();
      if (!seen.complete) co_return;
      co_await peer.send_all(answer(seen));
    }
  };
}

/// What work throws: "http::client_error: the words", without "hocket::"; or "none: " and what it gives.
inline coro<std::string> failure_of(coro<std::string> work) {
  const auto outcome = co_await as_result(std::move(work));
  if (outcome) co_return "none: " + *outcome;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::exception& thrown) {
    int status = 0;
    char* readable = abi::__cxa_demangle(typeid(thrown).name(), nullptr, nullptr, &status);
    std::string kind = status == 0 ? readable : typeid(thrown).name();
    std::free(readable);  // NOLINT: as __cxa_demangle has it
    if (kind.starts_with("hocket::")) kind.erase(0, std::string_view("hocket::").size());
    co_return kind + ": " + thrown.what();
  }
}

/// A whole exchange: the body.
inline coro<std::string> ask(http::session& web, std::string method, std::string url,
                             http::request_options options = {}) {
  http::response answer = co_await web.request(std::move(method), std::string_view(url), std::move(options));
  co_return co_await answer.read();
}

}  // namespace hocket::testing
