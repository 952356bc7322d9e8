#pragma once

#include <cstdint>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/response.hpp>

namespace hocket::http::detail {

/// Both write the body of `from` to a file and give how many bytes that was. See `response::save_to`.
[[nodiscard]] coro<std::uint64_t> replace_with_body(response& from, std::string path,
                                                    function<void(std::uint64_t)> on_progress);
[[nodiscard]] coro<std::uint64_t> append_body(response& from, std::string path,
                                              function<void(std::uint64_t)> on_progress);

}  // namespace hocket::http::detail
