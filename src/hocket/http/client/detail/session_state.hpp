#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/http/client/detail/authenticator.hpp>
#include <hocket/http/client/detail/connection_pool.hpp>
#include <hocket/http/client/detail/connector.hpp>
#include <hocket/http/client/detail/exchange.hpp>
#include <hocket/http/client/detail/proxy_authenticator.hpp>
#include <hocket/http/client/detail/session_call.hpp>
#include <hocket/http/client/request_message.hpp>
#include <hocket/http/client/request_options.hpp>
#include <hocket/http/client/session_options.hpp>

namespace hocket::http::detail {

/// What a session consists of. It stays where it is, and outlives all that its requests are made of.
class session_state {
 public:
  explicit session_state(session_options given)
      : options(std::move(given)),
        connections_(options, at_proxies_),
        pool_(options, connections_),
        at_servers_(options.netrc) {}

  /// A call with these options, which stay where they are.
  [[nodiscard]] session_call begin_call(const request_options& how);

  /// Sends a request and its body, and gives the response with its head: through the middlewares, and where redirects lead. Both stay
  /// alive as long as the call's senders.
  [[nodiscard]] coro<response> request(request_message& asked, session_call& call);

  /// The connection of an answer of 101 (Switching Protocols), none of the session's any more. Throws `invalid_state_error` of any other answer.
  [[nodiscard]] static upgraded_stream take_over(response& answer) { return answer.exchange_->take_over(); }

  session_options options;

 private:
  [[nodiscard]] coro<response> follow_all(request_message& asked, session_call& call);
  /// Through all middlewares, which may take as long as the call.
  [[nodiscard]] coro<response> pass_in_time(request_message& asked, session_call& call);
  /// Through the middlewares from the n-th on.
  [[nodiscard]] coro<response> pass(std::size_t nth, request_message& asked, session_call& call);
  [[nodiscard]] coro<response> send(request_message& asked, session_call& call);
  [[nodiscard]] coro<std::unique_ptr<exchange>> ask(request_message& asked, session_call& call);
  [[nodiscard]] coro<void> ask_again(std::unique_ptr<exchange>& made, request_message& asked, session_call& call);
  [[nodiscard]] bool takes_challenge_of_proxy(const request_message& asked, const session_call& call,
                                              const answer_head& refusal);

  proxy_authenticator at_proxies_;
  connector connections_;
  connection_pool pool_;
  authenticator at_servers_;
  std::uint64_t calls_ = 0;
};

}  // namespace hocket::http::detail
