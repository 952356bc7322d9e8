#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/io/subprocess.hpp>
#include <hocket/io/subprocess_protocol.hpp>
#include <hocket/io/subprocess_transport.hpp>

namespace hocket {

/// A callable that makes the protocol of a child: a std::shared_ptr to a class derived from `subprocess_protocol`.
template <class Factory>
concept subprocess_protocol_factory =
    std::invocable<Factory&> &&
    std::convertible_to<std::invoke_result_t<Factory&>, std::shared_ptr<subprocess_protocol>>;

namespace detail {

/// The protocol has been told of it when this returns. In a task; throws as `create_subprocess_exec`.
[[nodiscard]] subprocess_transport begin_subprocess(std::vector<std::string> command, create_subprocess_options options,
                                                    std::shared_ptr<subprocess_protocol> told);

template <class Factory>
using protocol_and_subprocess = std::pair<subprocess_transport, std::invoke_result_t<Factory&>>;

/// asyncio's defaults here.
inline create_subprocess_options all_pipes() {
  return {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe, .stderr_ = subprocess::pipe};
}

}  // namespace detail

/// Starts a program as `create_subprocess_exec` does, but all its standard streams are pipes unless told otherwise, and gives its
/// transport and its protocol, whose `connection_made` is called in here:
/// `auto [transport, protocol] = co_await subprocess_exec(std::make_shared<filter>, {"sort", "-n"});`
/// Counterpart: loop.subprocess_exec.
template <subprocess_protocol_factory Factory>
coro<detail::protocol_and_subprocess<Factory>> subprocess_exec(
    Factory factory, std::vector<std::string> command, create_subprocess_options options = detail::all_pipes()) {
  auto told = factory();
  subprocess_transport made = detail::begin_subprocess(std::move(command), std::move(options), told);
  co_return {std::move(made), std::move(told)};
}

/// The same for a command line of the shell, `/bin/sh -c`. Counterpart: loop.subprocess_shell.
template <subprocess_protocol_factory Factory>
coro<detail::protocol_and_subprocess<Factory>> subprocess_shell(
    Factory factory, std::string command, create_subprocess_options options = detail::all_pipes()) {
  co_return co_await subprocess_exec(std::move(factory), detail::shell_line(std::move(command)), std::move(options));
}

}  // namespace hocket
