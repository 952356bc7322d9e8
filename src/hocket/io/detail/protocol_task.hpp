#pragma once

#include <exception>
#include <memory>
#include <system_error>

#include <hocket/core/cancelled.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {

/// Calls `call` with the protocol, if there is one; it may set another one meanwhile. What it throws is told to the loop: then
/// false.
template <class Protocol, class Call>
bool tell(std::shared_ptr<Protocol> protocol, const char* what, Call call) noexcept {
  if (protocol == nullptr) return true;
  try {
    call(*protocol);
    return true;
  } catch (...) {
    loop::running().call_exception_handler({.message = what, .exception = std::current_exception()});
    return false;
  }
}

/// The task of a connection that has a protocol: tells it of the connection, lets it be read to its end, waits until it is lost,
/// and tells of that. As this is the last thing that it does, it comes exactly once, after everything else, and never inside of
/// anybody's call.
template <class Transport, class Connection>
coro<void> serve_protocol(record_ref<Connection> self) {
  Transport shown(self);
  tell(self->protocol_, "protocol.connection_made() failed", [&](auto& whom) { whom.connection_made(shown); });
  std::exception_ptr failed;
  try {
    co_await Connection::read_all(self);
    co_await Connection::wait_closed(self);
  } catch (...) {
    failed = std::current_exception();
  }
  const bool was_cancelled = failed && is_cancelled(failed);
  if (was_cancelled)
    self->lose(std::make_exception_ptr(
        std::system_error(std::make_error_code(std::errc::operation_canceled), "the connection's task was cancelled")));
  else if (failed)
    self->lose(failed);
  tell(self->protocol_, "protocol.connection_lost() failed", [&](auto& whom) { whom.connection_lost(self->error()); });
  self->protocol_ = nullptr;
  if (was_cancelled) std::rethrow_exception(failed);
}

}  // namespace hocket::detail
