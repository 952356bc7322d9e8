// Happy eyeballs, version 2 (RFC 8305), with what getaddrinfo(3) gives: its order is that of RFC 6724 already.
//
// The addresses are put in turns by family and tried in a task group, one child each. The body starts a child, then waits until
// something has changed or the delay is over, and starts the next. A child that connects first leaves its socket and ends the
// group: so the others are cancelled, their sockets closed and they themselves awaited before anything returns.

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/sync/event.hpp>

namespace hocket {
namespace {

// Families take turns, beginning with that of the first address. RFC 8305, 4, with a First Address Family Count of 1.
std::vector<socket_address> interleaved(const std::vector<socket_address>& addresses) {
  std::vector<socket_address> ordered;
  std::vector<socket_address> others;
  for (const socket_address& each : addresses)
    (each.family() == addresses.front().family() ? ordered : others).push_back(each);
  std::size_t at = 1;
  for (const socket_address& other : others) {
    ordered.insert(ordered.begin() + static_cast<std::ptrdiff_t>(std::min(at, ordered.size())), other);
    at += 2;
  }
  return ordered;
}

class race {
 public:
  race(const std::vector<socket_address>& addresses, const connect_options& options, std::source_location where)
      : addresses_(addresses), errors_(addresses.size()), options_(options), where_(where) {}

  coro<void> run() {
    refuse_what_is_not_allowed();
    if (addresses_.size() == 1)
      co_await attempt(0);
    else
      co_await with_task_group([this](task_group& group) -> coro<void> { co_await start_all(group); });
  }

  [[nodiscard]] tcp_socket take_winner() noexcept { return std::move(winner_); }

  // The last error becomes the exception's code, whose words the system appends.
  [[noreturn]] void report(const std::string& host) const {
    std::string text = host.empty() ? "cannot connect: " : fmt::format("cannot connect to {}: ", host);
    for (std::size_t n = 0; n + 1 < addresses_.size(); ++n)
      text += fmt::format("{}: {}; ", addresses_[n].to_string(), errors_[n].message());
    throw std::system_error(errors_.back(), text + addresses_.back().to_string());
  }

 private:
  void refuse_what_is_not_allowed() {
    if (!options_.allow) return;
    for (std::size_t n = 0; n < addresses_.size(); ++n)
      if (!options_.allow(addresses_[n])) errors_[n] = std::error_code(EACCES, std::system_category());
  }

  coro<void> start_all(task_group& group) {
    for (std::size_t n = 0; n < addresses_.size() && !winner_.is_open(); ++n) {
      if (errors_[n]) continue;
      group.create_task(run_in(group, n));
      co_await move_on_after(options_.attempt_delay, changed_.wait());
      changed_.clear();
    }
  }

  coro<void> run_in(task_group& group, std::size_t n) {
    co_await attempt(n);
    changed_.set();
    if (winner_.is_open()) group.cancel();
  }

  coro<void> attempt(std::size_t n) {
    if (errors_[n]) co_return;
    auto connected = co_await as_expected(tcp_socket::connect(addresses_[n], options_, where_));
    if (!connected)
      errors_[n] = connected.error();
    else if (!winner_.is_open())
      winner_ = std::move(*connected);
  }

  const std::vector<socket_address>& addresses_;
  std::vector<std::error_code> errors_;
  const connect_options& options_;
  std::source_location where_;
  event changed_;
  tcp_socket winner_;
};

}  // namespace

coro<tcp_socket> connect_tcp(std::vector<socket_address> addresses, connect_options options, std::string host,
                             std::source_location where) {
  if (addresses.empty())
    throw std::system_error(EADDRNOTAVAIL, std::system_category(), "there is nothing to connect to");
  const std::vector<socket_address> ordered = interleaved(addresses);
  race attempts(ordered, options, where);
  co_await attempts.run();
  tcp_socket winner = attempts.take_winner();
  if (!winner.is_open()) attempts.report(host);
  co_return winner;
}

coro<tcp_socket> connect_tcp(std::string host, std::uint16_t port, connect_options options,
                             std::source_location where) {
  auto addresses = options.resolver != nullptr ? co_await options.resolver->resolve(host, port)
                                               : co_await resolve(host, port);
  const bool is_v6 = host.find(':') != std::string::npos && host.front() != '[';
  std::string name = is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
  co_return co_await connect_tcp(std::move(addresses), std::move(options), std::move(name), where);
}

}  // namespace hocket
