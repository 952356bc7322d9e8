#pragma once

#include <cstdint>

#include <hocket/loop/io_request.hpp>

namespace hocket::detail {

/// Whether an `io_op::open` or `open_beneath` with these flags, open(2)'s, has to wait for the other end if it opens a FIFO: to read
/// only or to write only, and without O_NONBLOCK. fifo(7)
[[nodiscard]] bool waits_for_other_end(const io_request& request) noexcept;

/// Whether the path of an open leads to a FIFO, as of now.
[[nodiscard]] bool leads_to_fifo(const io_request& request) noexcept;
[[nodiscard]] bool is_fifo(int number) noexcept;

/// openat(2) or openat2(2) of the path of an open, as the request says it. A number or a negated errno.
[[nodiscard]] std::int32_t open_path(const io_request& request, std::uint32_t more_flags = 0) noexcept;

/// The same with O_NONBLOCK, which only a FIFO keeps: to write, -ENXIO without a reader.
[[nodiscard]] std::int32_t open_without_waiting(const io_request& request) noexcept;

/// Of a FIFO that was opened without waiting. 1 if its other end is open too, or was so since: who writes found a reader; for who
/// reads there are bytes, or their end, or somebody who may write some. 0, or a negated errno.
[[nodiscard]] int had_other_end(const io_request& request, int number) noexcept;

/// Takes O_NONBLOCK away.
void let_wait(int number) noexcept;

}  // namespace hocket::detail
