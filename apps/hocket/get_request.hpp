#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/request_options.hpp>

#include "get_arguments.hpp"

namespace hocket::app {

struct get_request {
  std::string method;
  http::request_options options;
};

/// What the command line asks for, once for each URL. Reads the files that it names; those of forms are read when they are sent.
/// Throws `failure` (wrong usage, or a file that cannot be read).
[[nodiscard]] coro<get_request> make_get_request(const get_arguments& arguments);

}  // namespace hocket::app
