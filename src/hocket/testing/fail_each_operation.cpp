#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>

#include <hocket/testing/detail/trial.hpp>
#include <hocket/testing/fail_each_operation.hpp>

namespace hocket::testing {

std::span<const int> possible_errors(io_op operation) noexcept {
  // From the man pages of section 2: what the system may answer to a correct call on a valid descriptor.
  static constexpr int receive[] = {ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM, ENOBUFS};
  static constexpr int send[] = {EPIPE, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETDOWN, ENOBUFS, ENOMEM};
  static constexpr int accept[] = {EMFILE, ENFILE, ECONNABORTED, ENOBUFS, ENOMEM, EPERM, EPROTO};
  static constexpr int connect[] = {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EACCES};
  static constexpr int poll[] = {ENOMEM};
  static constexpr int splice[] = {EPIPE, ECONNRESET, EIO, ENOMEM};
  static constexpr int open[] = {ENOENT, EACCES, EEXIST, EISDIR, ENOTDIR, ELOOP, EMFILE,
                                 ENFILE, ENOSPC, EDQUOT, EROFS,  ENXIO,   EIO};
  static constexpr int open_beneath[] = {ENOENT, EACCES, EXDEV, ELOOP, EAGAIN, ENOTDIR, EMFILE, ENFILE, EIO, ENOSYS};
  static constexpr int read[] = {EIO, EISDIR, ENOMEM, ESTALE};
  static constexpr int write[] = {ENOSPC, EIO, EDQUOT, EFBIG, EPIPE, ESTALE};
  static constexpr int fsync[] = {EIO, ENOSPC, EDQUOT, EROFS};
  static constexpr int look_up[] = {ENOENT, EACCES, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM, EIO};
  static constexpr int enter[] = {EEXIST, ENOENT, EACCES, ENOTDIR, ENOSPC, EDQUOT, EROFS, EMLINK, EXDEV, EIO};
  static constexpr int leave[] = {ENOENT, EACCES, EBUSY, ENOTEMPTY, EROFS, EIO};
  static constexpr int read_directory[] = {ENOENT, EIO, ENOMEM};
  switch (operation) {
    case io_op::receive:
    case io_op::recv:
    case io_op::receive_message:
    case io_op::receive_messages:
      return receive;
    case io_op::send:
    case io_op::send_pieces:
    case io_op::send_message:
    case io_op::send_messages:
      return send;
    case io_op::accept:
      return accept;
    case io_op::connect:
      return connect;
    case io_op::poll:
      return poll;
    case io_op::splice:
      return splice;
    case io_op::open:
      return open;
    case io_op::open_beneath:
      return open_beneath;
    case io_op::read:
      return read;
    case io_op::write:
      return write;
    case io_op::fsync:
    case io_op::flush:
    case io_op::truncate:
      return fsync;
    case io_op::read_pieces:
      return read;
    case io_op::write_pieces:
    case io_op::copy_range:
      return write;
    case io_op::stat:
    case io_op::read_link:
      return look_up;
    case io_op::rename:
    case io_op::link:
    case io_op::symlink:
    case io_op::make_directory:
      return enter;
    case io_op::remove:
      return leave;
    case io_op::read_directory:
      return read_directory;
  }
  return {};
}

namespace {

constexpr int look_up_errors[] = {EAI_AGAIN, EAI_FAIL, EAI_NONAME, EAI_MEMORY, EAI_SYSTEM};

/// Lets one operation fail, with one of its errors.
class operation_failure final : public detail::interference {
 public:
  operation_failure(std::size_t strike_at, std::size_t which_error) noexcept
      : left_(strike_at), which_error_(which_error) {}

  int starting(const io_request& request) noexcept override { return strike(possible_errors(request.op)); }
  int resolving() noexcept override { return strike(look_up_errors); }

  /// The operation has more errors than have been tried.
  [[nodiscard]] bool has_more_errors() const noexcept { return which_error_ + 1 < errors_.size(); }
  [[nodiscard]] int error() const noexcept { return struck() ? errors_[which_error_] : 0; }

 private:
  int strike(std::span<const int> errors) noexcept {
    if (!is_due(left_)) return 0;
    errors_ = errors;
    if (which_error_ >= errors_.size()) which_error_ = 0;  // the operations of this run come in another order
    return errors_[which_error_];
  }

  std::size_t left_;
  std::size_t which_error_;
  std::span<const int> errors_;
};

}  // namespace

failure_report fail_each_operation(scenario body, run_options options) {
  failure_report report;
  std::size_t which_operation = 1;
  std::size_t which_error = 0;
  for (;;) {
    ++report.runs;
    operation_failure trouble(which_operation, which_error);
    try {
      const detail::outcome seen = detail::try_once(body, options, trouble);
      report += seen.left;
      report.failed += seen.error ? 1 : 0;
      if (seen.error && (!trouble.struck() || is_cancelled(seen.error))) std::rethrow_exception(seen.error);
    } catch (...) {
      detail::rethrow_with(fmt::format("operation {} failed with error {}", which_operation, trouble.error()),
                           std::current_exception());
    }
    if (!trouble.struck()) return report;
    if (trouble.has_more_errors()) {
      ++which_error;
    } else {
      ++which_operation;
      which_error = 0;
    }
  }
}

}  // namespace hocket::testing
