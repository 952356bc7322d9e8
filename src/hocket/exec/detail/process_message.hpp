#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hocket {
class process_call;
}

namespace hocket::detail {

class process_entry;

/// What a pool and a worker say to each other.
enum class message_kind : std::uint32_t {
  set_up,  // to the worker, first: `worker_set_up`, then the initializer's call or nothing
  call,    // to the worker: ordinal, signature, arguments
  ready,   // to the pool: set up
  value,   // to the pool: a call's result
  error,   // to the pool: what a call threw, or the initializer
};

/// Stands before each message. Both ends are one program on one machine, so bytes are as they are in memory.
struct message_header {
  static constexpr std::uint32_t right_magic = 0x746b6b68;

  std::uint32_t magic = right_magic;
  message_kind kind = message_kind::ready;
  std::uint64_t job = 0;
  std::uint64_t size = 0;  // of what follows
};

/// What an error may take beyond `max_message_bytes`, as may a function's name.
inline constexpr std::size_t message_overhead_bytes = std::size_t{64} << 10;

/// Settings that a worker is told.
struct worker_set_up {
  std::uint64_t number = 0;
  std::uint64_t max_message_bytes = 0;
  std::uint64_t child_concurrency = 1;
};

/// Room for a header, to be filled in by `seal`.
[[nodiscard]] std::string begin_message();
/// Writes the header of a message that is complete.
void seal(std::string& message, message_kind kind, std::uint64_t job = 0) noexcept;

/// What asks for a call: the function and a view of its arguments.
struct requested_call {
  const process_entry* entry;  // null if there is none of that name
  std::string_view signature;
  std::string_view arguments;
};
void append_function(std::string& message, const process_entry& entry);
/// Throws `protocol_error`.
[[nodiscard]] requested_call read_call(std::string_view bytes);

/// Takes messages off a stream socket, however they are cut.
class message_reader {
 public:
  enum class status : std::uint8_t { nothing, message, closed, garbage };

  explicit message_reader(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  /// One recv(2) or two with `flags`; `message` when one is complete. `nothing`: come back when there is more.
  [[nodiscard]] status receive(int socket, int flags);

  // ---- the message, until the next `receive`

  [[nodiscard]] message_kind kind() const noexcept { return header_.kind; }
  [[nodiscard]] std::uint64_t job() const noexcept { return header_.job; }
  [[nodiscard]] std::string& body() noexcept { return body_; }

 private:
  [[nodiscard]] status fill(int socket, int flags, char* to, std::size_t size);

  std::size_t max_bytes_;
  message_header header_;
  std::string body_;
  std::size_t received_ = 0;  // of both
  bool complete_ = false;
};

/// Sends what it can from `message`, beginning at `sent`, and moves that on. False if the other end is gone.
[[nodiscard]] bool send_some(int socket, std::string_view message, std::size_t& sent, int flags) noexcept;

}  // namespace hocket::detail
