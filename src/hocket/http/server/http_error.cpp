#include <fmt/format.h>

#include <hocket/http/server/http_error.hpp>
#include <hocket/http/status.hpp>

namespace hocket::http {

http_error::http_error(int status, const std::string& words, http::headers fields)
    : error(words.empty() ? fmt::format("{} {}", status, reason_phrase(status)) : words),
      status_(status),
      headers_(std::move(fields)) {}

}  // namespace hocket::http
