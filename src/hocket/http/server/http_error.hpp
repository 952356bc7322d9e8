#pragma once

#include <string>

#include <hocket/base/error.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http {

/// Thrown by a handler, or by what it calls, in place of a reply: the client gets that status with `what()` as plain text. Nothing is
/// logged. Counterpart: aiohttp.web.HTTPException.
class http_error : public error {
 public:
  /// Without words the status' own are sent: "404 Not Found".
  explicit http_error(int status, const std::string& words = {}, http::headers fields = {});

  [[nodiscard]] int status() const noexcept { return status_; }
  /// Fields that go with it, as Allow with 405.
  [[nodiscard]] const http::headers& headers() const noexcept { return headers_; }

 private:
  int status_;
  http::headers headers_;
};

}  // namespace hocket::http
