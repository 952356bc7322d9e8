// So much as a pipe holds is spliced from the file into it, without copying, and from there to the socket, as far as that takes it: the
// more, the fewer calls, and the fewer ways to the pool and back. A user may have 64 MiB in pipes; who has more is refused larger ones,
// and those of 64 KiB do as well. What cannot be spliced (files of /proc, for instance; to somebody else's socket that blocks) says so
// at the first attempt: then the file is read, and what was read is sent.

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/io/send_file.hpp>
#include <hocket/io/sock.hpp>

namespace hocket {
namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t usual_pipe_size = 64 * 1024;

/// From a file into a pipe.
class fill_operation final : public detail::detailed_awaitable<fill_operation, std::size_t> {
 public:
  [[maybe_unused]] static constexpr const char* name = "read";
  fill_operation(const file& from, const io_handle& pipe, std::size_t length, std::uint64_t offset) noexcept
      : io_awaitable(io_op::splice, from.handle().record()) {
    details_.pipe = pipe.record();
    request_.flags = io_request::into_pipe | io_request::from_file;
    request_.length = length;
    details_.offset = static_cast<std::int64_t>(offset);
  }
  [[nodiscard]] std::size_t convert(std::int32_t count) noexcept { return static_cast<std::size_t>(count); }
};

/// From a pipe to a socket.
class empty_operation final : public detail::detailed_awaitable<empty_operation, std::size_t> {
 public:
  [[maybe_unused]] static constexpr const char* name = "send";
  empty_operation(const io_handle& pipe, descriptor* to, std::size_t length) noexcept
      : io_awaitable(io_op::splice, to) {
    details_.pipe = pipe.record();
    request_.length = length;
    details_.offset = -1;
  }
  [[nodiscard]] std::size_t convert(std::int32_t count) noexcept { return static_cast<std::size_t>(count); }
};

struct pipe_ends {
  io_handle reader;
  io_handle writer;
};

/// For so many bytes, if the system allows it. Nothing if there is no descriptor for it.
std::optional<pipe_ends> make_pipe(std::size_t wanted) {
  int numbers[2];
  const int answer = loop::running().io().pipe(numbers);
  if (answer == -EMFILE || answer == -ENFILE) return std::nullopt;
  if (answer < 0) throw std::system_error(-answer, std::system_category(), "cannot make a pipe");
  if (wanted > usual_pipe_size)
    static_cast<void>(loop::running().io().set_pipe_size(numbers[1], static_cast<int>(wanted)));
  io_handle reader;
  try {
    reader = io_handle(numbers[0], io_handle::made_here{});
  } catch (...) {
    const io_handle other(numbers[1], io_handle::made_here{});
    throw;
  }
  return pipe_ends{std::move(reader), io_handle(numbers[1], io_handle::made_here{})};
}

/// A stream, as what is sent to.
class stream_target {
 public:
  explicit stream_target(byte_stream& to) noexcept : to_(to) {}
  [[nodiscard]] bool is_open() const noexcept { return to_.is_open(); }
  /// Null: only bytes can be sent.
  [[nodiscard]] descriptor* socket() const noexcept { return to_.socket().record(); }
  [[nodiscard]] auto send_all(std::string_view bytes) { return to_.send_all(bytes); }

 private:
  byte_stream& to_;
};

/// Somebody else's socket.
class sock_target {
 public:
  explicit sock_target(int number) : held_(loop::running().io(), number) {
    if (held_.record()->is == descriptor::nature::socket) return;
    throw std::system_error(ENOTSOCK, std::system_category(), fmt::format("send to descriptor {}", number));
  }
  [[nodiscard]] bool is_open() const noexcept { return true; }
  [[nodiscard]] descriptor* socket() const noexcept { return held_.record(); }
  [[nodiscard]] auto send_all(std::string_view bytes) { return sock_sendall(socket()->number(), bytes); }

 private:
  borrowed_descriptor held_;
};

template <class Target>
class file_sending {
 public:
  file_sending(file& from, Target& to, send_file_options options, std::uint64_t length) noexcept
      : from_(from), to_(to), options_(options), length_(length) {}

  coro<std::uint64_t> run() {
    if (options_.sent_bytes != nullptr) *options_.sent_bytes = 0;
    bool may_splice = to_.socket() != nullptr;
    if (may_splice && length_ > 0) may_splice = co_await splice_all();
    if (!may_splice) co_await read_and_send();
    co_return sent_;
  }

 private:
  [[nodiscard]] std::size_t next_length() const noexcept {
    return std::min<std::uint64_t>(piece_size, length_ - sent_);
  }
  void sent(std::size_t count) noexcept {
    sent_ += count;
    if (options_.sent_bytes != nullptr) *options_.sent_bytes = sent_;
  }
  void require_more(std::size_t count) const {
    if (count > 0) return;
    const std::string name = from_.path().empty() ? "the file" : fmt::format("'{}'", from_.path());
    throw error(fmt::format("{} became shorter while it was sent: {} of {} bytes", name, sent_, length_));
  }

  [[nodiscard]] bool is_refused(const std::error_code& error) const noexcept {
    return sent_ == 0 && error == std::errc::invalid_argument;
  }

  // False: these cannot be spliced, or no pipe be had.
  coro<bool> splice_all() {
    const auto made = make_pipe(next_length());
    if (!made) co_return false;
    const pipe_ends& pipe = *made;
    while (sent_ < length_) {
      const auto filled =
          co_await as_expected(fill_operation(from_, pipe.writer, next_length(), options_.offset + sent_));
      if (!filled && is_refused(filled.error())) co_return false;
      if (!filled)
        throw std::system_error(filled.error(), detail::what_failed_on("read", std::string(from_.path()), {}));
      require_more(*filled);
      for (std::size_t left = *filled; left > 0;) {
        if (!to_.is_open()) throw std::system_error(ECANCELED, std::system_category(), "send");  // aborted meanwhile
        const auto taken = co_await as_expected(empty_operation(pipe.reader, to_.socket(), left));
        if (!taken && is_refused(taken.error())) co_return false;
        if (!taken || *taken == 0)
          throw std::system_error(taken ? std::make_error_code(std::errc::io_error) : taken.error(), "send");
        left -= *taken;
        sent(*taken);
      }
    }
    co_return true;
  }

  coro<void> read_and_send() {
    const auto bytes = std::make_unique_for_overwrite<char[]>(std::min<std::uint64_t>(piece_size, length_));
    while (sent_ < length_) {
      const auto offset = static_cast<std::int64_t>(options_.offset + sent_);
      const std::size_t count = co_await from_.read({bytes.get(), next_length()}, offset);
      require_more(count);
      co_await to_.send_all(std::string_view(bytes.get(), count));
      sent(count);
    }
  }

  file& from_;
  Target& to_;
  send_file_options options_;
  std::uint64_t length_;
  std::uint64_t sent_ = 0;
};

std::uint64_t length_of(const file& from, const send_file_options& options) {
  if (options.length) return *options.length;
  const auto size = static_cast<std::uint64_t>(from.size());
  return size > options.offset ? size - options.offset : 0;
}

}  // namespace

coro<std::uint64_t> send_file(file& from, byte_stream& to, send_file_options options) {
  stream_target target(to);
  file_sending work(from, target, options, length_of(from, options));
  co_return co_await work.run();
}

coro<std::uint64_t> sock_sendfile(int number, file& from, send_file_options options) {
  sock_target target(number);
  file_sending work(from, target, options, length_of(from, options));
  co_return co_await work.run();
}

}  // namespace hocket
