// Names, which the C library only knows how to block for: asked on the loop's pool of threads. Children.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <netdb.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/sleep.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/waiting.hpp>

namespace green = hocket::green;
namespace green_detail = hocket::green::detail;
using green_detail::may_wait_here;

void hocket::green::detail::keep_interposed_lookups() noexcept {}

namespace {

using addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;
using optional_text = std::optional<std::string>;

optional_text copy_of(const char* text) { return text != nullptr ? optional_text(text) : std::nullopt; }
const char* c_text(const optional_text& text) noexcept { return text ? text->c_str() : nullptr; }

struct lookup_answer {
  int answer = EAI_SYSTEM;
  int problem = 0;
  addresses found{nullptr, &::freeaddrinfo};
};

/// Gives what `function` returns, in `into`. It owns what it uses, for a call that is cancelled does not wait for it. False: nothing was given, errno
/// says why.
template <class Make, class Answer>
bool on_thread(Make make, Answer& into, std::source_location where = std::source_location::current()) noexcept {
  return green_detail::may_begin(where) && green_detail::without_throwing([&] {
           into = green_detail::wait_on(*green_detail::fiber::current(),
                                        hocket::to_thread(hocket::abandon_on_cancel, make()), where);
         });
}

/// What gethostbyname gives stays until this thread has asked so many times more, and not only once, as the C library has it: green threads take
/// turns.
struct host_answer {
  hostent entry{};
  std::vector<char> text;
  int problem = TRY_AGAIN;
  bool is_found = false;
};

host_answer& next_host_answer() {
  thread_local std::array<host_answer, 64> last;
  thread_local std::size_t next = 0;
  return last[next++ % last.size()];
}

int open_pidfd(pid_t child) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, child, 0)); }

template <class Ask>
pid_t wait_for_end(int pidfd, Ask ask, std::source_location where) noexcept {
  const bool has_ended = green_detail::wait_for(pidfd, POLLIN, std::nullopt, where);
  const int problem = errno;
  ::close(pidfd);
  errno = problem;
  return has_ended ? ask() : -1;
}

/// No descriptor tells of any child, nor of one that is stopped, and SIGCHLD is the program's: short sleeps, which grow.
template <class Ask>
pid_t ask_again_and_again(Ask ask, std::source_location where) noexcept {
  constexpr hocket::duration longest = std::chrono::milliseconds(20);
  for (hocket::duration length = std::chrono::milliseconds(1);; length = std::min(2 * length, longest)) {
    if (!green_detail::wait_without_throwing(hocket::sleep(length), where)) return -1;
    if (const pid_t ended = ask(); ended != 0) return ended;
  }
}

}  // namespace

extern "C" {

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto real = green_detail::real<decltype(::getaddrinfo)>("getaddrinfo");
  if (!may_wait_here()) return real(node, service, hints, found);
  lookup_answer mine;
  const auto make = [=] {
    return [node = copy_of(node), service = copy_of(service),
            hints = hints != nullptr ? std::optional(*hints) : std::nullopt] {
      lookup_answer one;
      addrinfo* first = nullptr;
      one.answer = real(c_text(node), c_text(service), hints ? &*hints : nullptr, &first);
      one.problem = errno;
      if (one.answer == 0) one.found.reset(first);
      return one;
    };
  };
  if (!on_thread(make, mine)) return EAI_SYSTEM;
  if (mine.answer == 0) *found = mine.found.release();
  errno = mine.problem;
  return mine.answer;
}

hostent* gethostbyname(const char* name) {
  static const auto real = green_detail::real<decltype(::gethostbyname)>("gethostbyname");
  if (!may_wait_here()) return real(name);
  host_answer mine;
  const auto make = [=] {
    return [name = std::string(name)] {
      host_answer one;
      hostent* found = nullptr;
      one.text.resize(1024);
      while (::gethostbyname_r(name.c_str(), &one.entry, one.text.data(), one.text.size(), &found, &one.problem) ==
             ERANGE)
        one.text.resize(2 * one.text.size());
      one.is_found = found != nullptr;
      return one;
    };
  };
  const bool was_asked = on_thread(make, mine);
  h_errno = was_asked ? mine.problem : TRY_AGAIN;
  if (!was_asked || !mine.is_found) return nullptr;
  host_answer& kept = next_host_answer();
  kept = std::move(mine);  // with the text that the entry refers to
  return &kept.entry;
}

pid_t wait4(pid_t child, int* status, int options, rusage* used) {
  static const auto real = green_detail::real<decltype(::wait4)>("wait4");
  if (!may_wait_here()) return real(child, status, options, used);
  constexpr auto where = std::source_location::current();
  const bool asks_only = (options & WNOHANG) != 0;
  const bool is_of_handler = asks_only && child == -1;  // SIGCHLD's, which must not be set aside
  if (!is_of_handler && !green_detail::may_begin(where)) return -1;
  const auto ask = [=] { return real(child, status, options | WNOHANG, used); };
  const pid_t ended = ask();
  if (ended != 0 || asks_only) return ended;
  const bool is_for_end_of_one = child > 0 && (options & (WUNTRACED | WCONTINUED)) == 0;
  const int one = is_for_end_of_one ? open_pidfd(child) : -1;
  return one >= 0 ? wait_for_end(one, ask, where) : ask_again_and_again(ask, where);
}

pid_t wait3(int* status, int options, rusage* used) { return wait4(-1, status, options, used); }
pid_t waitpid(pid_t child, int* status, int options) { return wait4(child, status, options, nullptr); }
pid_t wait(int* status) { return wait4(-1, status, 0, nullptr); }
}
