#pragma once

#include <cstdint>

#include <hocket/io/io_operation.hpp>

namespace hocket::detail {

/// Waits until a descriptor is ready for `events` of poll(2), or has an error or hung up, which is always waited for. Gives what
/// there was of these. Throws `cancelled`.
class poll_operation final : public io_awaitable<poll_operation, std::int32_t> {
 public:
  static constexpr const char* name = "poll";
  poll_operation(descriptor* target, short events) noexcept : io_awaitable(io_op::poll, target) {
    request_.flags = static_cast<std::uint32_t>(events);
  }
  [[nodiscard]] std::int32_t convert(std::int32_t events) noexcept { return events; }
};

}  // namespace hocket::detail
