#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/http_tunnel.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

coro<std::expected<byte_stream, answer_head>> open_tunnel(byte_stream to_proxy, const url& target, const proxy& via,
                                                          std::string authorization, duration limit) {
  h1_connection asking(std::move(to_proxy));
  headers fields;
  if (!authorization.empty()) fields.add("Proxy-Authorization", authorization);
  const outgoing_request request{
      .method = "CONNECT", .target = target, .form = target_form::authority, .fields = fields};
  answer_head answer;
  try {
    co_await asking.exchange(request, {loop::running().time_after(limit), limit}, answer);
  } catch (const stale_connection&) {
    throw proxy_error(fmt::format("the proxy {} closed the connection without an answer", via.name()));
  }
  if (answer.status / 100 != 2) co_return std::unexpected(std::move(answer));
  if (asking.has_rest())  // in TLS the client speaks first
    throw proxy_error(fmt::format("the proxy {} sends what nobody has asked for", via.name()));
  co_return asking.release();
}

}  // namespace hocket::http::detail
