#include <cerrno>
#include <chrono>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/accept_connection.hpp>

namespace hocket {
namespace {

constexpr auto pause_when_starved = std::chrono::seconds(1);

bool is_of_the_client(int error) noexcept { return error == ECONNABORTED || error == EPERM || error == EPROTO; }

bool is_starvation(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void tell(starvation_handler* starved, std::error_code error) {
  if (starved != nullptr) {
    (*starved)(error);
    return;
  }
  loop::running().call_exception_handler(
      {.message = fmt::format("cannot accept a connection: {}; trying again in a second", error.message()),
       .exception = std::make_exception_ptr(std::system_error(error, "accept"))});
}

}  // namespace

coro<tcp_socket> accept_connection(tcp_listener& listener, starvation_handler* starved) {
  for (;;) {
    auto accepted = co_await as_expected(listener.accept());
    if (accepted) co_return std::move(*accepted);
    const std::error_code error = accepted.error();
    if (is_of_the_client(error.value())) continue;
    if (!is_starvation(error.value())) throw std::system_error(error, "accept");
    tell(starved, error);
    co_await sleep(pause_when_starved);
  }
}

}  // namespace hocket
