#pragma once

#include <span>
#include <string>
#include <vector>

#include <hocket/http/client/detail/outgoing_request.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// The head of a request as HTTP/2 has it: who is asked and for what in pseudo-header fields, and none of the fields that are about a
/// connection. Refers to the request. Source: RFC 9113, 8.2 and 8.3.
class h2_request_head {
 public:
  /// Throws `client_error` as `require_method` and `require_fields`.
  explicit h2_request_head(const outgoing_request& request);
  h2_request_head(const h2_request_head&) = delete;
  h2_request_head& operator=(const h2_request_head&) = delete;

  [[nodiscard]] std::span<const headers::field> fields() const noexcept { return fields_; }

 private:
  void add_cookies(std::string_view cookies);

  std::string authority_;
  std::string path_;
  std::string length_;
  std::vector<headers::field> fields_;
};

}  // namespace hocket::http::detail
