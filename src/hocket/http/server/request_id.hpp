#pragma once

#include <cstdint>
#include <string>

#include <hocket/http/server/router.hpp>

namespace hocket::http {

/// What a request is called in the logs of all who had to do with it: `request.get<request_id>()`.
struct request_id {
  std::string value;
};

struct request_id_options {
  /// Takes the one that came with the request, if it is of 1 to 128 letters, digits and `._-`. Anybody can choose it.
  bool take_from_client = true;
};

/// Gives each request an id, which replies and errors (`http_error`) tell in X-Request-Id. Those that are made are unique, but no secret:
/// a number drawn from the loop's random source, and a counter.
[[nodiscard]] middleware request_ids(request_id_options options = {});

}  // namespace hocket::http
