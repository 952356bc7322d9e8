#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/http/client/detail/authenticator.hpp>
#include <hocket/http/client/detail/connection_pool.hpp>
#include <hocket/http/client/detail/connector.hpp>
#include <hocket/http/client/detail/exchange.hpp>
#include <hocket/http/client/session_options.hpp>

namespace hocket::http::detail {

/// What a session consists of. It stays where it is, and outlives all that its requests are made of.
class session_state {
 public:
  explicit session_state(session_options given)
      : options(std::move(given)), connections(options), pool(options), authentication(options.netrc) {}

  /// Sends a request and its body, and gives the response with its head.
  [[nodiscard]] coro<response> send(request_message& asked, session_call& call);
  /// The same through the middlewares from the n-th on.
  [[nodiscard]] coro<response> pass(std::size_t nth, request_message& asked, session_call& call);
  /// The same through all of them, which may take as long as the call.
  [[nodiscard]] coro<response> pass_in_time(request_message& asked, session_call& call);
  /// The same, and follows redirects.
  [[nodiscard]] coro<response> follow_all(request_message asked, unsigned max_redirects, session_call& call);

  session_options options;
  connector connections;
  connection_pool pool;
  authenticator authentication;
  std::uint64_t calls = 0;

 private:
  [[nodiscard]] coro<std::unique_ptr<exchange>> ask(request_message& asked, const session_call& call);
};

}  // namespace hocket::http::detail
