#pragma once

#include <string>

#include <hocket/url/url.hpp>

namespace hocket {

/// The URL as it may be shown to anybody: without user and password.
[[nodiscard]] inline std::string without_user(url target) {
  target.set_username("");
  target.set_password("");
  return target.href();
}

}  // namespace hocket
