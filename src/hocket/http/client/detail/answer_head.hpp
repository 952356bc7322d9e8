#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// What comes before the body of an answer.
struct answer_head {
  int status = 0;
  std::string_view version = "HTTP/1.1";  ///< "HTTP/1.0", "HTTP/1.1", "HTTP/2.0"
  std::string reason;
  headers fields;
  std::optional<std::uint64_t> content_length;
};

}  // namespace hocket::http::detail
