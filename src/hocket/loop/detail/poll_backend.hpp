#pragma once

#include <hocket/loop/detail/watch_list_backend.hpp>

namespace hocket {

/// On ppoll(2).
class poll_backend final : public watch_list_backend {
 public:
  using watch_list_backend::watch_list_backend;

  [[nodiscard]] std::string_view name() const noexcept override { return "poll"; }

 private:
  [[nodiscard]] int wait(std::vector<pollfd>& entries, const timespec* limit) noexcept override {
    return ::ppoll(entries.data(), entries.size(), limit, nullptr);
  }
};

}  // namespace hocket
