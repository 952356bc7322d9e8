#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

/// Which fields a redirect to another origin must not take along.
[[nodiscard]] inline bool is_credential(std::string_view field_name) noexcept {
  constexpr std::array<std::string_view, 3> names{"Authorization", "Cookie", "Proxy-Authorization"};
  return std::ranges::any_of(names, [&](std::string_view each) { return equal_ignoring_case(field_name, each); });
}

}  // namespace hocket::http::detail
