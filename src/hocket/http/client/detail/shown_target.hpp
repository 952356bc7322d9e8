#pragma once

#include <string_view>

#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// What an `activity` of a request says of its target: all, but the host alone where there are credentials in it. Refers to it.
[[nodiscard]] inline std::string_view shown_target(const url& target) noexcept {
  return target.username().empty() && target.password().empty() ? std::string_view(target.href()) : target.host();
}

}  // namespace hocket::http::detail
