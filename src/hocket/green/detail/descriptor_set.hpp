#pragma once

#include <optional>
#include <source_location>
#include <vector>

#include <poll.h>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::green::detail {

/// Descriptors that are waited for as one: one by itself, several by an epoll set. Those that cannot be waited for are left out.
class descriptor_set : public list_link<> {
 public:
  /// Throws `std::bad_alloc`. Numbers below 0 do not count.
  explicit descriptor_set(std::vector<pollfd> which);
  descriptor_set(const descriptor_set&) = delete;
  ~descriptor_set();

  /// Waits until one of them may be ready, is closed by a green thread, or it is `deadline`: the system is to be asked what there is, each time. False,
  /// with errno ECANCELED or ENOMEM: it cannot go on.
  [[nodiscard]] bool wait(std::optional<time_point> deadline, std::source_location where) noexcept;

  /// `number` is about to be closed: ends the waits of this thread's sets that it is in.
  static void notify_closing(int number) noexcept;

 private:
  [[nodiscard]] bool has(int number) const noexcept;

  std::vector<pollfd> which_;  // by number, each once
  int set_ = -1;
  bool is_again_ = false;
};

}  // namespace hocket::green::detail
