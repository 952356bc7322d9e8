#include <chrono>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/accept_connection.hpp>
#include <hocket/io/accept_failure.hpp>

namespace hocket {
namespace {

constexpr auto pause_when_starved = std::chrono::seconds(1);
constexpr int most_in_a_row = 64;  // connections that came to nothing: then it is not they

void tell(starvation_handler* starved, std::error_code error) {
  if (starved != nullptr) {
    (*starved)(error);
    return;
  }
  loop::running().call_exception_handler(
      {.message = fmt::format("cannot accept a connection: {}; trying again in a second", error.message()),
       .exception = std::make_exception_ptr(std::system_error(error, "accept"))});
}

template <class Socket, class Listener>
coro<Socket> accept_from(Listener& listener, starvation_handler* starved) {
  for (int in_a_row = 1;; ++in_a_row) {
    auto accepted = co_await as_expected(listener.accept());
    if (accepted) co_return std::move(*accepted);
    const std::error_code error = accepted.error();
    const accept_failure failure = accept_failure_of(error);
    if (failure == accept_failure::of_connection && in_a_row < most_in_a_row) continue;
    if (failure == accept_failure::of_listener) throw std::system_error(error, "accept");
    tell(starved, error);
    co_await sleep(pause_when_starved);
    in_a_row = 0;
  }
}

}  // namespace

coro<tcp_socket> accept_connection(tcp_listener& listener, starvation_handler* starved) {
  return accept_from<tcp_socket>(listener, starved);
}

coro<unix_socket> accept_connection(unix_listener& listener, starvation_handler* starved) {
  return accept_from<unix_socket>(listener, starved);
}

}  // namespace hocket
