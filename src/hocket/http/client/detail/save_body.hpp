#pragma once

#include <cstdint>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http::detail {

/// Lets `fill` write a file that is made beside `path`, or beside what a symbolic link there leads to, and then takes its place with
/// the permissions of what is there; if anything throws, nothing is left of it.
[[nodiscard]] coro<std::uint64_t> replace_by(std::string path, function<coro<std::uint64_t>(file&)> fill);

/// Which part a response (206) brings. Throws `client_error` if that is not what comes after the first `size` bytes, or is coded; it may
/// end before the content does (RFC 9110, 15.3.7).
content_range require_rest(const response& part, std::uint64_t size);

/// All write the body of `from` to a file and give how many bytes that was. See `response::save_to`.
[[nodiscard]] coro<std::uint64_t> replace_with_body(response& from, std::string path,
                                                    function<void(std::uint64_t)> on_progress);
/// Into the file itself where there is nothing yet, or nothing in it, so that what has come can be gone on with; otherwise, and where that
/// is impossible because the content is coded, as `replace_with_body`.
[[nodiscard]] coro<std::uint64_t> begin_with_body(response& from, std::string path,
                                                  function<void(std::uint64_t)> on_progress);
[[nodiscard]] coro<std::uint64_t> append_body(response& from, std::string path,
                                              function<void(std::uint64_t)> on_progress);

}  // namespace hocket::http::detail
