#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/process_layout.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/loop/descriptor.hpp>
#include <hocket/loop/io_counters.hpp>
#include <hocket/loop/io_request.hpp>
#include <hocket/loop/ready_node.hpp>
#include <hocket/loop/system_calls.hpp>

namespace hocket {

class loop;

/// How a loop asks the system for input and output: requests go in, and each completes exactly once; what need not wait is
/// asked for by `system_calls`. Nothing of hocket's reads or writes a socket or file past it.
///
/// Everything but `wake`, and what `system_calls` says, belongs to the thread that runs the loop. A simulator is a backend
/// too: derive from this, and give `loop_options::make_backend` something that makes it.
class backend : public system_calls {
 public:
  explicit backend(loop& owner);
  virtual ~backend();

  /// As in HOCKET_BACKEND: "io_uring", "epoll", "poll", "select".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Starts `request`. True if it completed at once: then `result` and `completed` are set and `done` is not scheduled.
  /// Otherwise `began` is called here and `complete` later. `request.target` must be set, except for what
  /// takes paths from the working directory.
  [[nodiscard]] virtual bool start(io_request& request) = 0;

  /// Asks a started request to end soon with -ECANCELED; it may still succeed. False if it has completed already.
  virtual bool cancel(io_request& request) = 0;

  /// Schedules what has completed; waits for that at most `limit` (nothing: without end) if nothing has.
  virtual void collect(std::optional<std::chrono::nanoseconds> limit) = 0;

  /// True if `collect` might find something or has something to hand to the kernel. Costs no system call.
  [[nodiscard]] bool wants_collect() const noexcept {
    return *ring_view_.tail != *ring_view_.head ||
           (__atomic_load_n(ring_view_.flags, __ATOMIC_RELAXED) & ring_view_.mask) != 0;
  }

  /// Makes the current or next `collect` return at once. From any thread or signal handler.
  virtual void wake() noexcept = 0;

  /// Cancels everything and waits until the system has let go of all memory. For a loop destroyed with work in flight.
  virtual void drain() noexcept {}

  /// The bytes of a completed `io_op::receive` whose result was positive. Once for each.
  [[nodiscard]] virtual buffer lend(io_request& received) noexcept = 0;

  /// A buffer to write into, of 20 KiB, for layers that make bytes of bytes. Throws std::bad_alloc.
  [[nodiscard]] virtual buffer borrow() = 0;

  /// Buffers that are lent and not back yet.
  [[nodiscard]] virtual std::size_t lent_buffers() const noexcept = 0;

  /// Whose an open file descriptor is.
  enum class origin : bool {
    made_here,  // by this backend, as it needs it
    adopted,    // made elsewhere, and perhaps shared: none of its flags, options, owners is changed
  };

  /// Takes ownership of an open file descriptor, also when it throws. `made_at` is for whoever forgets to close it.
  /// `path` is what was opened, for the words of errors.
  [[nodiscard]] descriptor* adopt(int number, origin from, std::source_location made_at = {}, std::string path = {});

  /// Cancels what is in flight on `target` (it ends with -ECANCELED), closes the number after the last, and frees the record.
  void close(descriptor* target) noexcept;

  /// A record of a number that stays somebody else's: it is not closed here, and adopted in every other way. All who borrow a
  /// number at the same time share the record, and each gives it back; what it is (`descriptor::is`) is known.
  /// Throws std::system_error (EBADF), which names it, std::bad_alloc. See `borrowed_descriptor`.
  [[nodiscard]] descriptor* borrow(int number);
  void give_back(descriptor* borrowed) noexcept;
  /// Cancels what is in flight on a number that is borrowed.
  void cancel_borrowed(int number) noexcept;

  /// A descriptor that polls as readable when `collect` might find something, so that the loop can be inside of another one;
  /// -1 if there is none. It stays the backend's. To be asked for before the loop first runs. Throws std::system_error,
  /// `invalid_state_error`.
  [[nodiscard]] virtual int poll_number() { return -1; }

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// Descriptors adopted and not closed.
  [[nodiscard]] std::size_t open_descriptors() const noexcept { return open_; }
  /// Tells the loop's exception handler of each that was adopted in debug mode and is open.
  void report_open_descriptors() noexcept;
  /// How many requests have completed so far.
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
  /// What tasks asked for, and what came of it. Kept by `detail::io_operation`.
  [[nodiscard]] io_counters& counters() noexcept { return counters_; }
  [[nodiscard]] const io_counters& counters() const noexcept { return counters_; }

 protected:
  void began(io_request& request) noexcept;
  /// Sets the result, schedules `done`, and closes the descriptor if it was waiting for this.
  void complete(io_request& request, std::int32_t result) noexcept;
  /// close(2). Of a descriptor without requests in flight; also of a number that was never adopted.
  virtual void close_number(int number) noexcept = 0;
  /// Throws `invalid_state_error` in a child of fork(2): what the kernel keeps for this backend is still its parent's.
  void require_own_process() const;
  [[nodiscard]] bool is_in_own_process() const noexcept { return forks_ == forks_before_; }
  /// Throws std::system_error (EMFILE), which tells the way out, if the backend cannot work with such a number.
  virtual void require_usable(int /*number*/) const {}
  /// Told before a number is closed, or when it is borrowed no more.
  virtual void forget(descriptor&) noexcept {}
  /// Told when a number is borrowed that is watched: its owner may have closed it, against the rules, and had it given again.
  virtual void check_watched(descriptor&) noexcept {}
  /// The record of a number that is borrowed, or null.
  [[nodiscard]] descriptor* borrowed(std::size_t number) const noexcept {
    return number < borrowed_.size() ? borrowed_[number] : nullptr;
  }

  /// What `wants_collect` looks at, without a call: entries written and not handed over, and the kernel's flags.
  struct ring_view {
    static constexpr unsigned nothing = 0;
    const unsigned* tail = &nothing;
    const unsigned* head = &nothing;
    const unsigned* flags = &nothing;
    unsigned mask = 0;
  };

  loop& loop_;
  ring_view ring_view_;

 private:
  template <class>
  friend struct detail::process_layout;

  void finish_closing(descriptor* target) noexcept;

  static inline int forks_ = 0;  // between the first of all processes that used a backend, and this one
  const int forks_before_;
  std::size_t in_flight_ = 0;
  std::size_t open_ = 0;
  std::uint64_t completed_ = 0;
  io_counters counters_;
  std::vector<borrowed_number*> borrowed_;                               // by their numbers
  std::unordered_map<const descriptor*, std::source_location> made_at_;  // only in debug mode
};

enum class backend_kind { automatic, io_uring, epoll, poll, select };

/// Makes a loop's backend.
using backend_factory = std::function<std::unique_ptr<backend>(loop&)>;

/// Makes the backend asked for. `automatic` obeys HOCKET_BACKEND, and without it takes io_uring where a real ring works and
/// epoll otherwise; with HOCKET_REQUIRE_IO_URING a forbidden ring is an error. Throws std::system_error, hocket::error.
[[nodiscard]] std::unique_ptr<backend> make_backend(loop& owner, backend_kind kind);

/// Whether this process may use io_uring: a ring is made and a NOP goes through it.
[[nodiscard]] bool io_uring_works() noexcept;

}  // namespace hocket
