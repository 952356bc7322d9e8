#pragma once

#include <cstdint>
#include <optional>

#include <sys/socket.h>
#include <sys/types.h>

#include <hocket/loop/io_request.hpp>

namespace hocket::detail {

/// What a call that must not wait came to: as the kernel answers a ring, a count or a number or a negated errno; nothing if it
/// would have had to wait.
using attempt = std::optional<std::int32_t>;

/// The phase of a send that has had its share of a turn, and would go on.
inline constexpr std::uint8_t has_more = 8;

/// Tries a request on a socket, pipe or terminal without waiting, whatever the descriptor's own flags are. Not for files,
/// `receive` and `connect`. What must be done whole goes on where the last attempt left off.
[[nodiscard]] attempt try_call(io_request& request, int accept_flags) noexcept;

/// connect(2), the first time; whether it has come about, after that.
[[nodiscard]] attempt begin_connect(const io_request& request) noexcept;
[[nodiscard]] attempt look_at_connect(const io_request& request) noexcept;

/// recv(2) into `memory`; read(2) of what is no socket.
[[nodiscard]] attempt try_receive(descriptor& target, void* memory, std::size_t size) noexcept;

/// `count` bytes of what must be done whole are done with. False if none are left.
[[nodiscard]] bool advance(io_request& request, std::size_t count) noexcept;

/// What poll(2) must report before `request` is worth trying.
[[nodiscard]] short events_for(const io_request& request) noexcept;

}  // namespace hocket::detail
