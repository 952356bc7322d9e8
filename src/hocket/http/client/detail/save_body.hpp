#pragma once

#include <cstdint>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http::detail {

/// Lets `fill` write a file that is made beside `path` and then takes its place; if anything throws, nothing is left of it.
[[nodiscard]] coro<std::uint64_t> replace_by(std::string path, function<coro<std::uint64_t>(file&)> fill);

/// Which part a response (206) brings. Throws `client_error` if that is not what comes after the first `size` bytes; it may end before the
/// content does (RFC 9110, 15.3.7).
content_range require_rest(const response& part, std::uint64_t size);

/// Both write the body of `from` to a file and give how many bytes that was. See `response::save_to`.
[[nodiscard]] coro<std::uint64_t> replace_with_body(response& from, std::string path,
                                                    function<void(std::uint64_t)> on_progress);
[[nodiscard]] coro<std::uint64_t> append_body(response& from, std::string path,
                                              function<void(std::uint64_t)> on_progress);

}  // namespace hocket::http::detail
