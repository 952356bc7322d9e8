#pragma once

#include <memory>
#include <new>
#include <string>

// OpenSSL's types by their tags, so that its headers stay out of hocket's.
struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;

namespace hocket::detail {

struct openssl_free {
  void operator()(bio_st* object) const noexcept;
  void operator()(evp_pkey_st* object) const noexcept;
  void operator()(ssl_ctx_st* object) const noexcept;
  void operator()(ssl_session_st* object) const noexcept;
  void operator()(ssl_st* object) const noexcept;
  void operator()(x509_st* object) const noexcept;
};

/// The owner of one reference to an object of OpenSSL's.
template <class Object>
using openssl_handle = std::unique_ptr<Object, openssl_free>;

/// A new object in its handle; null means that there was no memory. Throws std::bad_alloc.
template <class Object>
[[nodiscard]] openssl_handle<Object> owned(Object* made) {
  if (made == nullptr) throw std::bad_alloc();
  return openssl_handle<Object>(made);
}

/// The reason of the earliest error in this thread's queue, in OpenSSL's words; empties the queue.
[[nodiscard]] std::string take_openssl_reason();

}  // namespace hocket::detail
