#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/http/headers.hpp>
#include <hocket/http/server/request_id.hpp>

namespace hocket::http::detail {

inline constexpr const char* request_id_field = "X-Request-Id";

/// Gives the requests of a server their ids. Those that it makes are unique, but no secret: a number drawn from the loop's random source, and
/// a counter.
class request_id_giver {
 public:
  /// For a request with these fields.
  [[nodiscard]] std::string id_for(const headers& fields, const request_id_options& options);

 private:
  std::optional<std::uint64_t> drawn_;
  std::uint64_t made_ = 0;
};

}  // namespace hocket::http::detail
