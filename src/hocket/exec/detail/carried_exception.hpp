#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace hocket::detail {

/// Writes what is to be made of `error` elsewhere. Never more than `message_overhead_bytes`.
void append_exception(std::string& message, const std::exception_ptr& error);

/// Makes it anew: of the same type, if that is one of those that both processes know (the standard ones made of a text,
/// std::system_error, hocket's), otherwise a `remote_error`. `where` goes into the text.
[[nodiscard]] std::exception_ptr read_exception(std::string_view bytes, std::string_view where);

}  // namespace hocket::detail
