// A memory BIO would copy everything once more on its way in and grow without end on its way out. This one lends OpenSSL the
// buffer that the transport has filled, gives it back as soon as it is read, and collects records in the loop's buffers, so that
// several leave in one system call.

#include <algorithm>
#include <cstring>

#include <openssl/bio.h>

#include <hocket/loop/backend.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/detail/cipher_bytes.hpp>

namespace hocket::detail {

void cipher_output::append(std::string_view bytes) {
  std::size_t room = blocks_.empty() ? 0 : blocks_.back().memory.size() - blocks_.back().used;
  const std::size_t before = blocks_.size();
  std::size_t last = before == 0 ? 0 : before - 1;
  try {
    while (room < bytes.size()) {
      blocks_.push_back({loop::running().io().borrow()});
      room += blocks_.back().memory.size();
    }
  } catch (...) {
    blocks_.resize(before);
    throw;
  }
  size_ += bytes.size();
  for (; !bytes.empty(); ++last) {
    block& into = blocks_[last];
    const std::size_t count = std::min(bytes.size(), into.memory.size() - into.used);
    std::memcpy(into.memory.bytes().data() + into.used, bytes.data(), count);
    into.used += count;
    bytes.remove_prefix(count);
  }
}

std::span<const std::string_view> cipher_output::pieces() {
  pieces_.clear();
  for (const block& each : blocks_) pieces_.push_back(each.memory.text().substr(0, each.used));
  return pieces_;
}

void cipher_output::clear() noexcept {
  blocks_.clear();
  pieces_.clear();
  size_ = 0;
}

struct cipher_bio {
  static cipher_bytes& of(BIO* bio) noexcept { return *static_cast<cipher_bytes*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    const std::size_t count = of(bio).read(into, static_cast<std::size_t>(size));
    if (count > 0) return static_cast<int>(count);
    BIO_set_retry_read(bio);
    return -1;
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    try {
      of(bio).output.append({bytes, static_cast<std::size_t>(size)});
      return size;
    } catch (...) {
      of(bio).out_of_memory = true;
      return -1;
    }
  }

  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hocket");
      if (fresh == nullptr) throw std::bad_alloc();
      BIO_meth_set_read(fresh, &read);
      BIO_meth_set_write(fresh, &write);
      BIO_meth_set_ctrl(fresh, &control);
      return fresh;
    }();
    return made;
  }
};

openssl_handle<BIO> cipher_bytes::make_bio() {
  auto bio = owned(BIO_new(cipher_bio::method()));
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void cipher_bytes::feed(buffer received) noexcept {
  received_ = std::move(received);
  unread_ = received_.text();
}

void cipher_bytes::feed(std::string received) noexcept {
  early_ = std::move(received);
  unread_ = early_;
}

std::size_t cipher_bytes::read(char* into, std::size_t size) noexcept {
  const std::size_t count = std::min(size, unread_.size());
  if (count == 0) return 0;
  std::memcpy(into, unread_.data(), count);
  unread_.remove_prefix(count);
  if (unread_.empty()) {
    received_ = {};
    std::string().swap(early_);
  }
  return count;
}

}  // namespace hocket::detail
