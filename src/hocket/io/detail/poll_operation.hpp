#pragma once

#include <cstdint>

#include <hocket/io/io_operation.hpp>

namespace hocket::detail {

/// Waits until a descriptor is ready for `events` of poll(2), or has an error or hung up, which is always waited for.
class poll_operation final : public io_awaitable<poll_operation, void> {
 public:
  static constexpr const char* name = "poll";
  poll_operation(descriptor* target, short events) noexcept : io_awaitable(io_op::poll, target) {
    request_.flags = static_cast<std::uint32_t>(events);
  }
  void convert(std::int32_t) noexcept {}
};

}  // namespace hocket::detail
