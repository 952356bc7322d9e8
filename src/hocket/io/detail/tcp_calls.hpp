#pragma once

#include <chrono>
#include <optional>

#include <hocket/io/tcp_options.hpp>

namespace hocket::detail {

void set_keep_alive(const io_handle& socket, const std::optional<keep_alive_options>& options);
void set_reset_on_close(const io_handle& socket, bool on);
void set_user_timeout(const io_handle& socket, std::chrono::milliseconds limit);

}  // namespace hocket::detail
