#pragma once

#include <string>

#include <hocket/io/stream_security.hpp>

namespace hocket::app {

/// What secures the connections of a command that fetches, by its --cafile and --insecure; null: as `http::session` has it. Throws
/// `failure`.
[[nodiscard]] security client_security(const std::string& authorities_file, bool insecure);

}  // namespace hocket::app
