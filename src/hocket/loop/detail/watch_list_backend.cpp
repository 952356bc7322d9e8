#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/loop/detail/watch_list_backend.hpp>

namespace hocket {

watch_list_backend::watch_list_backend(loop& owner)
    : readiness_backend(owner), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

watch_list_backend::~watch_list_backend() { ::close(wake_); }

int watch_list_backend::watch(descriptor& target) noexcept {
  try {
    if (watched_.size() == watched_.capacity()) watched_.reserve(2 * watched_.size() + 16);
    waiting_.reserve(watched_.capacity());  // collecting must not need memory
    entries_.reserve(watched_.capacity() + 1);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  watched_.push_back(&target);
  target.ready.place = static_cast<std::uint32_t>(watched_.size() - 1);
  return 0;
}

void watch_list_backend::forget(descriptor& target) noexcept {
  if (!target.ready.watched) return;
  descriptor* last = watched_.back();
  watched_[target.ready.place] = last;
  last->ready.place = target.ready.place;
  watched_.pop_back();
}

void watch_list_backend::list_what_is_waited_for() {
  entries_.assign(1, {.fd = wake_, .events = POLLIN, .revents = 0});
  waiting_.clear();
  for (descriptor* each : watched_) {
    const short events = awaited_events(*each);
    if (events == nothing_awaited) continue;
    entries_.push_back({.fd = each->number(), .events = events, .revents = 0});
    waiting_.push_back(each);
  }
}

void watch_list_backend::collect(std::optional<std::chrono::nanoseconds> limit) {
  require_own_process();
  list_what_is_waited_for();
  timespec time{};
  if (limit && limit->count() > 0) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*limit);
    time = {.tv_sec = seconds.count(), .tv_nsec = (*limit - seconds).count()};
  }
  const int count = wait(entries_, limit ? &time : nullptr);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), std::string(name()));
  if (count <= 0) return;
  if (entries_.front().revents != 0) {
    std::uint64_t ignored = 0;
    static_cast<void>(::read(wake_, &ignored, sizeof ignored));
  }
  for (std::size_t n = 0; n < waiting_.size(); ++n) {
    const short what = entries_[n + 1].revents;
    if (what == 0) continue;
    const bool broken = (what & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    became_ready(*waiting_[n], broken || (what & (POLLIN | POLLPRI | POLLRDHUP)) != 0, broken || (what & POLLOUT) != 0,
                 broken || (what & POLLRDHUP) != 0);
  }
}

void watch_list_backend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

}  // namespace hocket
