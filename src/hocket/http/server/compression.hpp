#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <hocket/http/coding/content_coding.hpp>
#include <hocket/http/server/router.hpp>

namespace hocket::http {

struct compression_options {
  /// What is offered; of what a client likes equally, the first.
  std::vector<content_coding> codings{content_coding::br, content_coding::zstd, content_coding::gzip};
  /// A body that is known to be smaller stays as it is: there is little to gain.
  std::size_t least_bytes = 1024;
};

/// Makes replies smaller for the way, in a coding that the client takes (Accept-Encoding): text, JSON, JavaScript, XML, SVG and
/// the like, but not what is compressed already. A small body in memory is encoded at once, and left as it is where that does
/// not make it smaller; what is made on the way, files and large bodies are encoded piece by piece, and `body_writer::flush`
/// lets the client read all that was written until then.
///
/// Replies that may be encoded get `Vary: Accept-Encoding`; those that are lose Accept-Ranges, and a strong ETag becomes weak. Not
/// touched: statuses 204, 206 and 304, what has a Content-Encoding, a Content-Range or a digest, `Cache-Control: no-transform`,
/// and what handlers throw.
///
/// A reply that shows both a secret and what somebody else has chosen should not be encoded (BREACH): say no-transform.
/// Throws `hocket::error` of a coding that cannot be encoded. Source: RFC 9110, 8.4 and 12.5.3.
[[nodiscard]] middleware compression(compression_options options = {});

/// Whether contents of that type (`text/html`, in lower case, without parameters) become smaller.
[[nodiscard]] bool is_compressible(std::string_view essence) noexcept;

}  // namespace hocket::http
