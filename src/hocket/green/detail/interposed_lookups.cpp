// What the system only knows how to block for: names and children, asked on the loop's pool of threads.

#include <array>
#include <cstdlib>
#include <vector>

#include <netdb.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/exec/to_thread.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/waiting.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::may_wait_here;

void hocket::green::detail::keep_interposed_lookups() noexcept {}

namespace {

/// False: `work` was not run to its end, errno says why.
template <class Function>
bool on_thread(Function work, std::source_location where = std::source_location::current()) {
  return green_detail::may_begin(where) &&
         green_detail::wait_without_throwing(hocket::to_thread(std::move(work)), where);
}

/// What gethostbyname gives stays until this thread has asked so many times more, and not only once, as the C library has it: green threads take
/// turns.
struct host_answer {
  hostent entry{};
  std::vector<char> text;
};

host_answer& next_host_answer() {
  thread_local std::array<host_answer, 64> last;
  thread_local std::size_t next = 0;
  return last[next++ % last.size()];
}

int open_pidfd(pid_t child) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, child, 0)); }

}  // namespace

extern "C" {

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto real = green_detail::real<decltype(::getaddrinfo)>("getaddrinfo");
  if (!may_wait_here()) return real(node, service, hints, found);
  int answer = EAI_SYSTEM;
  int problem = 0;
  if (!on_thread([&] {
        answer = real(node, service, hints, found);
        problem = errno;
      }))
    return EAI_SYSTEM;
  errno = problem;
  return answer;
}

hostent* gethostbyname(const char* name) {
  static const auto real = green_detail::real<decltype(::gethostbyname)>("gethostbyname");
  if (!may_wait_here()) return real(name);
  host_answer mine;
  hostent* found = nullptr;
  int problem = TRY_AGAIN;
  const bool was_asked = on_thread([&] {
    mine.text.resize(1024);
    while (::gethostbyname_r(name, &mine.entry, mine.text.data(), mine.text.size(), &found, &problem) == ERANGE)
      mine.text.resize(2 * mine.text.size());
  });
  h_errno = problem;
  if (!was_asked || found == nullptr) return nullptr;
  host_answer& kept = next_host_answer();
  kept = std::move(mine);  // with the text that the entry refers to
  return &kept.entry;
}

pid_t waitpid(pid_t child, int* status, int options) {
  static const auto real = green_detail::real<decltype(::waitpid)>("waitpid");
  const pid_t ended = real(child, status, options | (may_wait_here() ? WNOHANG : 0));
  if (ended != 0 || (options & WNOHANG) != 0 || !may_wait_here()) return ended;
  const int one = child > 0 && (options & (WUNTRACED | WCONTINUED)) == 0 ? open_pidfd(child) : -1;
  if (one >= 0) {
    const bool waited = green_detail::wait_for(one, POLLIN);
    const int problem = errno;
    ::close(one);
    errno = problem;
    return waited ? real(child, status, options | WNOHANG) : -1;
  }
  pid_t answer = -1;
  int problem = 0;
  if (!on_thread([&] {
        answer = real(child, status, options);
        problem = errno;
      }))
    return -1;
  errno = problem;
  return answer;
}
}
