#pragma once

#include <cstdint>

#include <hocket/loop/io_request.hpp>

namespace hocket::detail {

/// Does a request on a file or a path (splice out of a file too), or the connect of a socket that blocks, with blocking calls.
/// A FIFO is opened without waiting for its other end. As the kernel answers a ring: a count or number, or a negated errno.
[[nodiscard]] std::int32_t call_blocking(io_request& request) noexcept;

}  // namespace hocket::detail
