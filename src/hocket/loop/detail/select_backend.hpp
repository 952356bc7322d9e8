#pragma once

#include <hocket/loop/detail/watch_list_backend.hpp>

namespace hocket {

/// On pselect(2), which knows numbers below FD_SETSIZE only: larger ones are refused when they are adopted.
class select_backend final : public watch_list_backend {
 public:
  explicit select_backend(loop& owner) : watch_list_backend(owner) { require_usable(wake_number()); }

  [[nodiscard]] std::string_view name() const noexcept override { return "select"; }

 private:
  void require_usable(int number) const override;
  [[nodiscard]] int wait(std::vector<pollfd>& entries, const timespec* limit) noexcept override;
};

}  // namespace hocket
