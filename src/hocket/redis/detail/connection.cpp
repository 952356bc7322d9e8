// A server before 6.0 does not know HELLO, and says so; then the client authenticates as of old, and they speak RESP2.
// One that is still loading its data greets all the same, and refuses what comes then: so it is asked something that may be refused.

#include <algorithm>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/timeout.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

bool is_unknown_to(const reply& answer) {
  return answer.code() == "NOPROTO" || (answer.code() == "ERR" && answer.text().contains("unknown command"));
}

}  // namespace

std::string name_of(const client_options& options) {
  if (options.endpoint != nullptr) return options.endpoint->name();
  if (!options.unix_socket.empty()) return options.unix_socket;
  return fmt::format("{}:{}", options.host, options.port);
}

coro<byte_stream> reach(const client_options& options) {
  if (options.endpoint != nullptr) co_return co_await options.endpoint->connect();
  byte_stream plain;
  if (!options.unix_socket.empty())
    plain = byte_stream(co_await connect_unix(socket_address::unix_path(options.unix_socket)));
  else
    plain = byte_stream(co_await connect_tcp(options.host, options.port, options.connect));
  if (options.tls == nullptr) co_return plain;
  start_tls_options how;
  how.server_hostname = options.host;
  how.handshake_timeout = options.connect_timeout;
  co_return co_await options.tls->start_tls(std::move(plain), std::move(how));
}

std::string what_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "it was ended";
  }
}

bool mends(const std::exception_ptr& problem) noexcept {
  try {
    std::rethrow_exception(problem);
  } catch (const response_error& answer) {
    constexpr std::string_view passing[] = {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "MOVED"};
    return std::ranges::find(passing, answer.code()) != std::end(passing);
  } catch (const connection_lost&) {
    return true;
  } catch (const timeout_error&) {
    return true;
  } catch (const std::system_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

void throw_as_lost(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::system_error& lost) {
    throw connection_lost(fmt::format("the connection to Redis was lost: {}", lost.what()));
  }
}

coro<std::unique_ptr<connection>> connection::open(const client_options& options) {
  timeout limit{delay(options.connect_timeout)};
  std::string why;
  try {
    co_return co_await limit.run([&options]() -> coro<std::unique_ptr<connection>> {
      byte_stream reached = co_await reach(options);
      auto made = std::make_unique<connection>(std::move(reached), options.limits);
      co_await made->greet(options);
      co_return made;
    });
  } catch (const connection_lost& problem) {
    why = problem.what();
  } catch (const timeout_error& problem) {
    why = problem.what();
  } catch (const std::system_error& problem) {
    why = problem.what();
  }
  throw not_connected(fmt::format("no connection to Redis at {}: {}", name_of(options), why));
}

coro<void> connection::receive_more() {
  rest_ = {};
  received_ = {};
  received_ = co_await stream_.receive();
  if (!received_) throw connection_lost("the server has closed the connection");
  rest_ = received_.text();
}

coro<reply> connection::ask(const request& what) {
  std::string bytes;
  what.append_to(bytes);
  co_await send(bytes);
  co_return co_await answer();
}

coro<reply> connection::answer() {
  for (;;) {
    while (auto found = next())
      if (found->kind() != reply_kind::push) co_return std::move(*found);
    co_await receive_more();
  }
}

coro<void> connection::greet(const client_options& options) {
  if (options.protocol == protocol_version::resp3)
    co_await greet_by_hello(options);
  else
    co_await greet_of_old(options);
  const reply alive = co_await ask(request("PING"));
  if (alive.code() == "LOADING") alive.raise_for_error();
  if (options.endpoint != nullptr) co_await require_role(options.endpoint->role());
  if (options.database != 0) co_await require(request("SELECT", options.database));
  for (const request& each : options.on_connect) co_await require(each);
}

coro<void> connection::greet_by_hello(const client_options& options) {
  request hello("HELLO", 3);
  if (!options.password.empty())
    hello.add("AUTH", options.username.empty() ? "default" : options.username, options.password);
  if (!options.client_name.empty()) hello.add("SETNAME", options.client_name);
  const reply answer = co_await ask(hello);
  if (is_unknown_to(answer))
    co_await greet_of_old(options);
  else
    answer.raise_for_error();
}

coro<void> connection::greet_of_old(const client_options& options) {
  request authentication("AUTH");
  if (!options.username.empty()) authentication.add(options.username);
  authentication.add(options.password);
  if (!options.password.empty()) co_await require(std::move(authentication));
  if (!options.client_name.empty()) co_await require(request("CLIENT", "SETNAME", options.client_name));
}

// Who was the master may have become a replica since, and not know it yet; then there is another to be found.
coro<void> connection::require_role(std::string role) {
  if (role.empty()) co_return;
  const reply answer = co_await ask(request("ROLE"));
  answer.raise_for_error();
  const auto& said = answer.items();
  if (said.empty() || !said.front().has_text() || said.front().text() != role)
    throw connection_lost(fmt::format("the server is no {}", role));
}

coro<void> connection::require(request what) {
  const reply answer = co_await ask(what);
  answer.raise_for_error();
}

}  // namespace hocket::redis::detail
