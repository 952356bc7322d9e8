#include "client_security.hpp"

#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_error.hpp>

#include "command.hpp"

namespace hocket::app {

security client_security(const std::string& authorities_file, bool insecure) {
  if (!insecure && authorities_file.empty()) return nullptr;
  tls_client_options options;
  options.verify = !insecure;
  options.cafile = authorities_file;
  try {
    return tls_context::client(std::move(options));
  } catch (const tls_error& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

}  // namespace hocket::app
