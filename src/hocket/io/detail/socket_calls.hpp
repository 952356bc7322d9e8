#pragma once

#include <cstddef>
#include <expected>
#include <source_location>
#include <string>
#include <string_view>
#include <system_error>

#include <hocket/io/io_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::detail {

/// Who answers for the socket. Throws std::system_error (EBADF) if it is not open.
[[nodiscard]] backend& system_of(const io_handle& socket);

/// Throws std::system_error if `answer` is a negated errno.
int require(int answer, const char* what);
int require(int answer, const std::string& what);

/// socket(2), for the running loop.
[[nodiscard]] io_handle make_socket(int family, int type, std::source_location where);

/// setsockopt(2) and getsockopt(2), of a number or of bytes as they are.
void set_option(const io_handle& socket, int level, int option, int value);
void set_option(const io_handle& socket, int level, int option, const void* value, std::size_t size);
[[nodiscard]] int option_of(const io_handle& socket, int level, int option);
/// The count of bytes that came.
std::size_t option_of(const io_handle& socket, int level, int option, void* value, std::size_t size);

/// getsockname(2), getpeername(2).
[[nodiscard]] socket_address local_address_of(const io_handle& socket);
[[nodiscard]] socket_address peer_address_of(const io_handle& socket);

/// bind(2); what is thrown names the address.
void bind(const io_handle& socket, const socket_address& address);

/// bind(2) and listen(2); what is thrown names the address.
void bind_and_listen(const io_handle& socket, const socket_address& address, int backlog);

/// An end of a pipe, a FIFO or a file: nobody is told of its end but by closing it.
[[nodiscard]] bool is_one_way(const io_handle& handle);

/// shutdown(2). Throws std::system_error; not if the peer has gone already.
void shutdown(const io_handle& socket, int how);

/// Without waiting: how many of the bytes the system has taken, or its error, which it tells only once.
[[nodiscard]] std::expected<std::size_t, std::error_code> send_at_once(const io_handle& socket,
                                                                       std::string_view bytes) noexcept;

/// Without waiting: true if the peer has closed or sent something.
[[nodiscard]] bool has_something_to_read(const io_handle& socket) noexcept;

}  // namespace hocket::detail
