#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/tls/detail/openssl_handle.hpp>

namespace hocket::detail {

/// Encrypted bytes to send, in buffers of the loop. Empty, it holds none.
class cipher_output {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Throws std::bad_alloc; then nothing was appended.
  void append(std::string_view bytes);

  /// The pieces, in order; valid until it is changed or moved.
  [[nodiscard]] std::span<const std::string_view> pieces();

  void clear() noexcept;

 private:
  struct block {
    buffer memory;
    std::size_t used = 0;
  };
  std::vector<block> blocks_;
  std::vector<std::string_view> pieces_;
  std::size_t size_ = 0;
};

/// What OpenSSL reads from and writes to (a BIO): it reads where the transport has received, and writes to what is sent next.
class cipher_bytes {
 public:
  cipher_bytes() = default;
  cipher_bytes(const cipher_bytes&) = delete;
  cipher_bytes& operator=(const cipher_bytes&) = delete;

  /// A BIO that refers to this.
  [[nodiscard]] openssl_handle<bio_st> make_bio();

  /// What was received; nothing of the last may be unread.
  void feed(buffer received) noexcept;
  void feed(std::string received) noexcept;

  [[nodiscard]] bool has_unread() const noexcept { return !unread_.empty(); }
  [[nodiscard]] std::string_view unread() const noexcept { return unread_; }

  cipher_output output;
  bool out_of_memory = false;  // while OpenSSL wrote

 private:
  friend struct cipher_bio;
  [[nodiscard]] std::size_t read(char* into, std::size_t size) noexcept;

  buffer received_;
  std::string early_;  // received before TLS began
  std::string_view unread_;
};

}  // namespace hocket::detail
