#pragma once

#include <hocket/loop/detail/readiness_backend.hpp>

namespace hocket {

/// epoll(7), edge-triggered: each descriptor is added once, when something first has to wait for it.
class epoll_backend final : public readiness_backend {
 public:
  explicit epoll_backend(loop& owner);
  ~epoll_backend() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  void collect(std::optional<std::chrono::nanoseconds> limit) override;
  void wake() noexcept override;
  [[nodiscard]] int poll_number() override { return epoll_; }

 private:
  [[nodiscard]] int watch(descriptor& target) noexcept override;
  void watch_again(descriptor& target) noexcept override;
  [[nodiscard]] int watch_stand_in(descriptor& target) noexcept;
  int control(int operation, descriptor& target) noexcept;
  void forget(descriptor& target) noexcept override;
  void check_watched(descriptor& target) noexcept override;
  [[nodiscard]] descriptor* target_of(std::uint64_t token) const noexcept;

  int epoll_ = -1;
  int wake_ = -1;  // an eventfd
  std::uint32_t borrowed_watches_ = 0;
};

}  // namespace hocket
