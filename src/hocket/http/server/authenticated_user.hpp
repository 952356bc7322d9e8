#pragma once

#include <string>

namespace hocket::http {

/// Who made a request, as far as a middleware has found out: `request.get<authenticated_user>()`. Logs tell it.
struct authenticated_user {
  std::string name;
};

}  // namespace hocket::http
