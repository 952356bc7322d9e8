#pragma once

#include <string>

#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// How a request line names what is asked for. Source: RFC 9112, 3.2.
enum class target_form : unsigned char {
  origin,     ///< "/a?b": to the server itself
  absolute,   ///< "http://example.org/a?b": to a proxy
  authority,  ///< "example.org:443": CONNECT
};

/// Appends `target` in that form.
void append_target(std::string& to, const url& target, target_form form);

}  // namespace hocket::http::detail
