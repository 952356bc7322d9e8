#include <hocket/http/server/detail/request_target.hpp>

namespace hocket::http::detail {

request_target split_target(std::string_view sent, std::string_view host_field, std::string& made) {
  const std::size_t scheme = sent.starts_with('/') ? std::string_view::npos : sent.find("://");
  if (scheme == std::string_view::npos) return {sent, host_field};
  const std::string_view rest = sent.substr(scheme + 3);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view target = rest.substr(host.size());
  if (target.starts_with('/')) return {target, host};
  made.assign("/").append(target);
  return {made, host};
}

}  // namespace hocket::http::detail
