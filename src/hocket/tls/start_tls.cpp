#include <hocket/tls/start_tls.hpp>

namespace hocket {

coro<byte_stream> start_tls(byte_stream under, tls_context context, start_tls_options options) {
  const security chosen = context;
  co_return co_await chosen->start_tls(std::move(under), std::move(options));
}

}  // namespace hocket
