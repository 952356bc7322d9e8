#pragma once

#include <string_view>

#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {

/// A file as the reply to a GET or HEAD: with Last-Modified and an entity tag made of its time and size, by which the conditions of the
/// request are answered (304, 412), and with the ranges that it asks for (206, also several, or 416), on the
/// condition of the tag if it has one: a date in `If-Range` gives the whole. `fields` go with it in any case,
/// Content-Type too if it is to have one. To a plain socket its bytes go without coming to the program.
///
/// Throws `http_error` 404 if it is no regular file, std::system_error. Counterpart: aiohttp.web.FileResponse.
/// Source: RFC 9110, 8.8, 13 and 14.
[[nodiscard]] reply file_reply(const request& asked, file opened, headers fields);

}  // namespace hocket::http
