// Two links, one for each direction, which both ends share. A link holds what has arrived; what is delayed is held by timers,
// which keep their order. Cuts are offsets in the stream of bytes, so that they do not depend on when who sends or receives.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include <hocket/loop/loop.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/memory_stream.hpp>

namespace hocket::testing {

namespace detail {

class memory_link : public std::enable_shared_from_this<memory_link> {
 public:
  explicit memory_link(memory_link_options options) : options_(std::move(options)) {
    if (options_.capacity == 0) throw std::invalid_argument("a memory stream needs room for a byte");
  }

  coro<buffer> receive();
  coro<void> send(std::span<const std::string_view> pieces);
  void end();

  void receiver_leaves() noexcept;
  void sender_leaves(bool orderly) noexcept;
  void reset() noexcept;

  /// The other direction is reset with this one.
  void set_other(std::weak_ptr<memory_link> other) noexcept { other_ = std::move(other); }

  [[nodiscard]] bool is_readable() const noexcept { return waiting() > 0 || ended_ || error_ != std::errc{}; }
  [[nodiscard]] std::size_t unread() const noexcept { return pending_; }

 private:
  [[nodiscard]] std::size_t waiting() const noexcept { return arrived_.size() - taken_; }
  [[nodiscard]] buffer take();
  [[nodiscard]] std::size_t next_piece();
  [[nodiscard]] std::size_t accepted(std::size_t size) const noexcept;
  void require_sendable() const;
  void carry(std::string_view bytes);
  template <class Function>
  void later(Function function);
  void arrive(std::string_view bytes);
  void show_end() noexcept {
    ended_ = true;
    readable_.set();
  }
  void reset_both() noexcept;

  memory_link_options options_;
  std::weak_ptr<memory_link> other_;
  std::string arrived_;
  std::size_t taken_ = 0;    // of what has arrived
  std::size_t pending_ = 0;  // sent and not taken
  std::size_t sent_ = 0;     // in all
  std::size_t cuts_used_ = 0;
  std::size_t piece_left_ = 0;  // of the piece that is being received
  std::size_t receives_ = 0;
  std::size_t sends_ = 0;
  std::errc error_{};
  bool ended_ = false;
  bool sends_no_more_ = false;
  bool receiver_gone_ = false;
  bool sender_gone_ = false;
  event readable_;
  event writable_;
};

static std::system_error failure(std::errc error, const char* what) { return {std::make_error_code(error), what}; }

coro<buffer> memory_link::receive() {
  if (++receives_ == options_.fail_receive.at) throw failure(options_.fail_receive.error, "receive");
  for (;;) {
    if (receiver_gone_) throw failure(std::errc::operation_canceled, "receive");
    if (waiting() > 0) co_return take();
    if (error_ != std::errc{}) throw failure(error_, "receive");
    if (ended_) co_return buffer();
    readable_.clear();
    co_await readable_.wait();
  }
}

buffer memory_link::take() {
  buffer lent = loop::running().io().borrow();
  if (piece_left_ == 0) piece_left_ = next_piece();
  const std::size_t size = std::min({waiting(), lent.size(), piece_left_ == 0 ? waiting() : piece_left_});
  std::copy_n(arrived_.data() + taken_, size, lent.bytes().data());
  lent.truncate(size);
  piece_left_ -= std::min(piece_left_, size);
  taken_ += size;
  pending_ -= size;
  if (taken_ > arrived_.size() / 2) {  // no more is kept than there is to come
    arrived_.erase(0, taken_);
    taken_ = 0;
  }
  writable_.set();
  return lent;
}

// 0: no cut.
std::size_t memory_link::next_piece() {
  if (options_.longest_random_piece > 0) return 1 + loop::running().random()() % options_.longest_random_piece;
  if (options_.cuts.empty()) return 0;
  return options_.cuts[std::min(cuts_used_++, options_.cuts.size() - 1)];
}

coro<void> memory_link::send(std::span<const std::string_view> pieces) {
  if (++sends_ == options_.fail_send.at) throw failure(options_.fail_send.error, "send");
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      require_sendable();
      const std::size_t size = accepted(piece.size());
      if (size > 0) {
        carry(piece.substr(0, size));
        piece.remove_prefix(size);
      } else {
        writable_.clear();
        co_await writable_.wait();
      }
    }
  }
}

void memory_link::require_sendable() const {
  if (sender_gone_) throw failure(std::errc::operation_canceled, "send");
  if (error_ != std::errc{}) throw failure(error_, "send");
  if (receiver_gone_ || sends_no_more_) throw failure(std::errc::broken_pipe, "send");
}

// How much of so many bytes is taken now.
std::size_t memory_link::accepted(std::size_t size) const noexcept {
  if (options_.end_after && sent_ >= *options_.end_after) return size;  // they vanish
  std::size_t most = options_.capacity - pending_;
  if (options_.end_after) most = std::min(most, *options_.end_after - sent_);
  if (options_.reset_after) most = std::min(most, *options_.reset_after - sent_);
  return std::min(size, most);
}

void memory_link::carry(std::string_view bytes) {
  const bool vanish = options_.end_after && sent_ >= *options_.end_after;
  sent_ += bytes.size();
  if (vanish) return;
  pending_ += bytes.size();
  later([this, copy = std::string(bytes)] { arrive(copy); });
  if (sent_ == options_.end_after) later([this] { show_end(); });
  if (sent_ == options_.reset_after) later([this] { reset_both(); });
}

template <class Function>
void memory_link::later(Function function) {
  if (options_.delay == duration::zero()) {
    function();
    return;
  }
  loop::running().call_later(options_.delay,
                             [self = shared_from_this(), run = std::move(function)]() mutable { run(); });
}

void memory_link::arrive(std::string_view bytes) {
  if (error_ != std::errc{} || receiver_gone_) return;
  arrived_ += bytes;
  readable_.set();
}

void memory_link::end() {
  if (std::exchange(sends_no_more_, true)) return;
  later([this] { show_end(); });
}

void memory_link::receiver_leaves() noexcept {
  receiver_gone_ = true;
  readable_.set();
  writable_.set();
}

void memory_link::sender_leaves(bool orderly) noexcept {
  sender_gone_ = true;
  writable_.set();
  if (!orderly) {
    reset();
    return;
  }
  try {
    end();
  } catch (...) {  // no memory for the delay
    show_end();
  }
}

void memory_link::reset() noexcept {
  if (error_ == std::errc{}) error_ = std::errc::connection_reset;
  readable_.set();
  writable_.set();
}

void memory_link::reset_both() noexcept {
  reset();
  if (const auto other = other_.lock()) other->reset();
}

}  // namespace detail

memory_stream::memory_stream(std::shared_ptr<detail::memory_link> in, std::shared_ptr<detail::memory_link> out) noexcept
    : in_(std::move(in)), out_(std::move(out)) {}

memory_stream::~memory_stream() = default;

coro<buffer> memory_stream::receive() { co_return co_await in_->receive(); }

coro<void> memory_stream::send(std::span<const std::string_view> pieces) { co_await out_->send(pieces); }

coro<void> memory_stream::shutdown_send() {
  out_->end();
  co_return;
}

coro<void> memory_stream::close() {
  abort();
  co_return;
}

void memory_stream::abort() noexcept {
  const bool all_was_read = in_->unread() == 0;
  in_->receiver_leaves();
  out_->sender_leaves(all_was_read);
}

bool memory_stream::has_something_to_read() const noexcept { return in_->is_readable(); }

void memory_stream::reset() noexcept {
  in_->reset();
  out_->reset();
}

std::size_t memory_stream::unread() const noexcept { return in_->unread(); }

memory_stream_pair memory_streams(memory_stream_options options) {
  const auto to_server = std::make_shared<detail::memory_link>(std::move(options.to_server));
  const auto to_client = std::make_shared<detail::memory_link>(std::move(options.to_client));
  to_server->set_other(to_client);
  to_client->set_other(to_server);
  return {byte_stream(std::make_unique<memory_stream>(to_client, to_server)),
          byte_stream(std::make_unique<memory_stream>(to_server, to_client))};
}

}  // namespace hocket::testing
