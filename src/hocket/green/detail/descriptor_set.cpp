#include <algorithm>

#include <sys/epoll.h>
#include <unistd.h>

#include <hocket/core/sleep.hpp>
#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/descriptor_set.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::green::detail {
namespace {

constexpr duration moment = std::chrono::milliseconds(1);
constexpr duration longest = std::chrono::hours(24 * 365);

thread_local intrusive_list<descriptor_set> waited_for;

/// By number, each once, with all that is asked of it.
void tidy(std::vector<pollfd>& which) {
  std::erase_if(which, [](const pollfd& each) { return each.fd < 0; });
  std::ranges::sort(which, {}, &pollfd::fd);
  auto last = which.begin();
  for (const pollfd& each : which) {
    if (last->fd != each.fd) *++last = each;
    last->events = static_cast<short>(last->events | each.events);
  }
  if (!which.empty()) which.erase(last + 1, which.end());
}

}  // namespace

descriptor_set::descriptor_set(std::vector<pollfd> which) : which_(std::move(which)) {
  tidy(which_);
  const bool is_by_itself =
      which_.size() == 1 && (which_.front().events & POLLPRI) == 0;  // of which io_uring does not tell
  if (which_.empty() || is_by_itself) return;
  set_ = ::epoll_create1(EPOLL_CLOEXEC);
  for (const pollfd& each : which_) {
    epoll_event wanted{.events = static_cast<std::uint32_t>(static_cast<unsigned short>(each.events)), .data = {}};
    ::epoll_ctl(set_, EPOLL_CTL_ADD, each.fd, &wanted);  // fails for files, which are always ready, and for no number
  }
  waited_for.push_back(*this);
}

descriptor_set::~descriptor_set() {
  if (is_linked()) unlink();
  if (set_ >= 0) ::close(set_);
}

bool descriptor_set::has(int number) const noexcept {
  return std::ranges::binary_search(which_, number, {}, &pollfd::fd);
}

void descriptor_set::notify_closing(int number) noexcept {
  waited_for.for_each([number](descriptor_set& each) {
    if (each.set_ >= 0 && each.has(number)) hocket::notify_closing(each.set_);
  });
}

// Where a wait ended and yet there was nothing, an error that select(2) does not tell, or cannot begin, it is for a moment.
bool descriptor_set::wait(std::optional<time_point> deadline, std::source_location where) noexcept {
  const auto sleep = [where](duration length) { return wait_without_throwing(hocket::sleep(length), where); };
  const duration left = deadline ? std::max(*deadline - loop::running().time(), duration::zero()) : longest;
  if (which_.empty()) return sleep(left);
  const bool is_one = set_ < 0 && which_.size() == 1;
  const int number = is_one ? which_.front().fd : set_;
  const short events = is_one ? which_.front().events : short{POLLIN};
  const bool was_for_nothing = std::exchange(is_again_, true) && is_ready(number, events);
  if (number < 0 || was_for_nothing) return sleep(std::min(left, moment));
  if (wait_for(number, events, deadline ? std::optional(left) : std::nullopt, where) || errno == ETIMEDOUT) return true;
  return errno != ECANCELED && errno != ENOMEM && sleep(std::min(left, moment));
}

}  // namespace hocket::green::detail
