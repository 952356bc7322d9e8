#pragma once

#include <string>

namespace hocket::http {

/// What a request is called in the logs of all who had to do with it: `request.get<request_id>()`. See `server_options::request_ids`.
struct request_id {
  std::string value;
};

struct request_id_options {
  /// Takes the one that came with the request, if it is of 1 to 128 letters, digits and `._-`. Anybody can choose it.
  bool take_from_client = true;
};

}  // namespace hocket::http
