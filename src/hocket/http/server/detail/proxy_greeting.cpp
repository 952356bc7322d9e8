#include <algorithm>
#include <string>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/server/detail/proxy_greeting.hpp>

namespace hocket::http::detail {

static constexpr std::uint8_t type_ssl = 0x20;
static constexpr unsigned client_ssl = 0x01;

bool proxy_greeting::is_secure() const noexcept {
  const auto ssl = std::ranges::find(header.extensions, type_ssl, &proxy_header::extension::type);
  return ssl != header.extensions.end() && !ssl->value.empty() &&
         (static_cast<unsigned char>(ssl->value.front()) & client_ssl) != 0;
}

static coro<std::optional<proxy_greeting>> receive(byte_stream& from, const proxy_header_options& options) {
  std::string
      before;  // of a greeting that comes in pieces; bounded, as the parser does not ask for more than its limit
  for (;;) {
    buffer came = co_await from.receive();
    if (came.empty() && before.empty()) co_return std::nullopt;
    if (came.empty()) throw protocol_error("the PROXY header is cut short");
    const std::size_t before_size = before.size();
    before += came.text();
    auto parsed = parse_proxy_header(before, options);
    if (!parsed) throw protocol_error("no PROXY header, but it is among those who send one");
    if (!*parsed) continue;
    came.remove_prefix((*parsed)->size_bytes - before_size);
    co_return proxy_greeting{std::move(**parsed), std::move(came)};
  }
}

coro<std::optional<proxy_greeting>> receive_proxy_greeting(byte_stream& from, const proxy_protocol_options& options) {
  co_return co_await with_timeout(options.limit, receive(from, options.accepted));
}

}  // namespace hocket::http::detail
