#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <hocket/http/server/request.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/loop/system_wall_clock.hpp>

namespace hocket::http {

enum class access_log_format : unsigned char {
  common,    ///< that of NCSA's server: `192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 45`
  combined,  ///< the same with Referer and User-Agent, as Apache and nginx have it
  json,      ///< an object a line, in ASCII
};

struct access_log_options {
  access_log_format format = access_log_format::combined;
  /// The time of day, by `system_wall_clock` or another; none: `-`.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
};

/// The line for a request, without its end. What clients choose cannot begin another line or field: quotes, backslashes, controls
/// and all beyond ASCII are `\xHH`, or escaped as JSON has it. A client that has gone before it was told anything has the status 499.
/// Requests that the server itself refused are there too, with what had come of their first line (JSON: `request_line`, `refused_for`).
[[nodiscard]] std::string access_log_line(const request& asked, const answered& how, const access_log_options& options);

/// For `server_options::on_answered`: gives the line of each request, with its end, to `write`, which must not throw; by `log_file::write`
/// it goes to a file.
[[nodiscard]] std::function<void(const request&, const answered&)> access_log(
    std::function<void(std::string_view)> write, access_log_options options = {});

/// The same to standard output, by `log_file::standard_output`: where that takes nothing, lines wait, 4 MiB of them, and more are lost. Who
/// wants to know how many has a `log_file` of ones own.
[[nodiscard]] std::function<void(const request&, const answered&)> access_log_to_stdout(
    access_log_options options = {});

}  // namespace hocket::http
