#include <hocket/tls/detail/context_state.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket {

tls_context tls_context::client(tls_client_options options) {
  return tls_context(std::make_shared<detail::context_state>(std::move(options)));
}

tls_context tls_context::server(tls_server_options options) {
  return tls_context(std::make_shared<detail::context_state>(std::move(options)));
}

void tls_context::reload() const { state_->reload(); }

tls_context::operator security() const { return state_; }

}  // namespace hocket
