#pragma once

#include <cstdint>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http::detail {

/// Lets `fill` write a file that is made beside `path` and then takes its place; if anything throws, nothing is left of it.
[[nodiscard]] coro<std::uint64_t> replace_by(std::string path, function<coro<std::uint64_t>(file&)> fill);

/// Throws `client_error` if a part (206) is not what comes after the first `size` bytes.
void require_rest(const response& part, std::uint64_t size);

/// Both write the body of `from` to a file and give how many bytes that was. See `response::save_to`.
[[nodiscard]] coro<std::uint64_t> replace_with_body(response& from, std::string path,
                                                    function<void(std::uint64_t)> on_progress);
[[nodiscard]] coro<std::uint64_t> append_body(response& from, std::string path,
                                              function<void(std::uint64_t)> on_progress);

}  // namespace hocket::http::detail
