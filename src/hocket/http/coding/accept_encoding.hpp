#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/http/coding/content_coding.hpp>

namespace hocket::http {

/// Which coding to answer with: of those in `offered` the one that the client likes best, of equals the one that stands
/// first.
///
/// `field` is its `Accept-Encoding`, of which several are joined by commas before; nothing if there was none. Without a
/// field, or with one that is malformed, the answer is `identity`. `identity` need not be offered: it is taken where
/// nothing else is liked better, and where the client does not mention it only if nothing else is acceptable at all.
/// Nothing is acceptable, not even `identity`, only where the client excludes that (`identity;q=0`, or `*;q=0`): then
/// the answer is nothing.
/// Source: RFC 9110, 12.5.3 and 12.4.2.
[[nodiscard]] std::optional<content_coding> negotiate_coding(std::optional<std::string_view> field,
                                                             std::span<const content_coding> offered);

/// What a client says it takes that prefers its codings in this order: `br, gzip`.
[[nodiscard]] std::string format_accept_encoding(std::span<const content_coding> codings);

}  // namespace hocket::http
