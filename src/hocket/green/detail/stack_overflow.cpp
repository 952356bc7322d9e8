#include <algorithm>
#include <array>
#include <cstring>
#include <source_location>
#include <span>
#include <string_view>

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/core/task_base.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/detail/stack_overflow.hpp>

namespace hocket::green::detail {
namespace {

struct sigaction before;  // what stood there

/// A line that is put together without memory, for it is told when a stack is at its end.
class line {
 public:
  line& operator<<(std::string_view text) noexcept {
    const std::size_t taken = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), taken);
    size_ += taken;
    return *this;
  }
  line& operator<<(std::size_t number) noexcept {
    std::array<char, 20> digits;
    std::size_t first = digits.size();
    do digits[--first] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    return *this << std::string_view(digits.data() + first, digits.size() - first);
  }
  // Not write(2), which may be the one in the place of the C library's.
  void write() const noexcept { ::syscall(SYS_write, STDERR_FILENO, text_.data(), size_); }

 private:
  std::array<char, 512> text_;
  std::size_t size_ = 0;
};

bool is_just_below(const std::byte* address, std::span<const std::byte> memory) noexcept {
  return address < memory.data() && address >= memory.data() - guard_size;
}

void tell(const fiber& at_fault) noexcept {
  const bool is_greenlet = at_fault.what() == fiber::kind::never_waits;
  line told;
  if (is_greenlet) {
    told << "hocket: a greenlet";
  } else {
    const task_base* const task = task_base::current();
    const std::source_location made = task != nullptr ? task->created() : std::source_location();
    std::array<char, 32> room;
    told << "hocket: the green thread '" << (task != nullptr ? task->name_in(room) : "") << "' (made at "
         << made.file_name() << ":" << std::size_t{made.line()} << ")";
  }
  told << " has run over the end of its stack of " << at_fault.memory().memory().size() / 1024
       << " KiB; give it more by " << (is_greenlet ? "the stack_size of its constructor" : "spawn_options::stack_size")
       << "\n";
  told.write();
}

void handle(int number, siginfo_t* what, void* context) {
  const fiber* const at_fault = fiber::on_stack();
  if (at_fault != nullptr && is_just_below(static_cast<const std::byte*>(what->si_addr), at_fault->memory().memory())) {
    tell(*at_fault);
  }
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
    before.sa_sigaction(number, what, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    ::signal(number, SIG_DFL);
    if (what->si_code <= 0) ::raise(number);  // sent by somebody; what has failed fails again when this returns
  }
}

/// On which this thread handles signals while it stands on a stack that is full.
class signal_stack {
 public:
  signal_stack() noexcept {
    stack_t there{};
    if (::sigaltstack(nullptr, &there) == 0 && (there.ss_flags & SS_DISABLE) == 0) return;  // somebody else's
    memory_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) return;
    const stack_t mine{.ss_sp = memory_, .ss_flags = 0, .ss_size = size};
    ::sigaltstack(&mine, nullptr);
  }
  ~signal_stack() {
    if (memory_ == MAP_FAILED) return;
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, size);
  }
  signal_stack(const signal_stack&) = delete;

 private:
  static constexpr std::size_t size = 64 * 1024;
  void* memory_ = MAP_FAILED;
};

bool install() noexcept {
  struct sigaction mine{};
  mine.sa_sigaction = &handle;
  mine.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&mine.sa_mask);
  return ::sigaction(SIGSEGV, &mine, &before) == 0;
}

}  // namespace

void watch_for_overflow() noexcept {
  static const bool installed = install();
  thread_local const signal_stack mine;
  static_cast<void>(installed);
}

}  // namespace hocket::green::detail
