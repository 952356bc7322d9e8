#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

/// Has the system watch many sockets at once, and knows whom to call for each. epoll(7)
class selector {
 public:
  using callback = std::function<void()>;

  selector() : number_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (number_ < 0) throw std::system_error(errno, std::system_category(), "cannot make an epoll instance");
  }
  selector(const selector&) = delete;
  ~selector() { ::close(number_); }

  /// `event`: EPOLLIN, there is something to read, or EPOLLOUT, there is room to write.
  void add(int socket, std::uint32_t event, callback then) {
    epoll_event wanted{.events = event, .data = {.fd = socket}};
    if (::epoll_ctl(number_, EPOLL_CTL_ADD, socket, &wanted) != 0)
      throw std::system_error(errno, std::system_category(), "cannot watch a socket");
    callbacks_[socket] = std::move(then);
  }
  void remove(int socket) {
    ::epoll_ctl(number_, EPOLL_CTL_DEL, socket, nullptr);
    callbacks_.erase(socket);
  }
  [[nodiscard]] bool is_empty() const noexcept { return callbacks_.empty(); }

  /// Waits until something happens to one of the sockets, and gives the callbacks that are due.
  [[nodiscard]] std::vector<callback> select() const {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(number_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "cannot wait for sockets");
    std::vector<callback> due;
    for (int n = 0; n < count; ++n) due.push_back(callbacks_.at(events[static_cast<std::size_t>(n)].data.fd));
    return due;
  }

 private:
  int number_;
  std::map<int, callback> callbacks_;
};
