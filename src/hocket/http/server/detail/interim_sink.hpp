#pragma once

#include <hocket/core/coro.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// What sends, to who has made a request, what comes before the reply.
class interim_sink {
 public:
  /// See `request::send_early_hints`.
  [[nodiscard]] virtual coro<void> send_early_hints(const headers& fields) = 0;

 protected:
  ~interim_sink() = default;
};

}  // namespace hocket::http::detail
