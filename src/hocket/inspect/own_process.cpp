#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/inspect/own_process.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/tree_text.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {
namespace {

/// Waits for signals, as long as the process lives.
class printer {
 public:
  printer() : wakes_(::eventfd(0, EFD_CLOEXEC)) {
    if (wakes_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread's too: signals are for the others
    const struct restored {
      const sigset_t& mask;
      ~restored() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } afterwards{before};
    std::thread([this] { print_when_asked(); }).detach();
  }

  // In a handler.
  void ask() const noexcept {
    const std::uint64_t once = 1;
    static_cast<void>(::write(wakes_, &once, sizeof once));
  }
  [[nodiscard]] bool is_of_this_process() const noexcept { return process_ == ::getpid(); }

 private:
  void print_when_asked() const noexcept {
    for (std::uint64_t times = 0;;) {
      const ssize_t size = ::read(wakes_, &times, sizeof times);
      if (size < 0 && errno != EINTR) return;  // somebody has closed it
      if (size != sizeof times) continue;
      try {
        print_tree(stderr);
      } catch (const std::exception& problem) {
        std::fprintf(stderr, "hocket: the tasks cannot be shown: %s\n", problem.what());
      }
    }
  }

  const int wakes_;
  const pid_t process_ = ::getpid();
};

printer* printer_of_process = nullptr;

void handle(int number) {
  const int error = errno;
  if (printer_of_process->is_of_this_process()) {
    printer_of_process->ask();
  } else {
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
  errno = error;
}

}  // namespace

snapshot read_own_process() { return read_process(::getpid(), {.stop = false}); }

void print_tree(std::FILE* to) {
  const snapshot seen = read_own_process();
  fmt::print(to, "tasks of process {}:\n{}", ::getpid(), tree_text(seen));
  if (seen.torn) fmt::print(to, "(they changed meanwhile: some may be missing, or wait elsewhere)\n");
  std::fflush(to);
}

void print_on_signal(int number) {
  static printer& made = *new printer;  // its thread is never told to end
  printer_of_process = &made;
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  if (::sigaction(number, &action, nullptr) != 0) throw std::system_error(errno, std::generic_category(), "sigaction");
}

}  // namespace hocket::inspect
