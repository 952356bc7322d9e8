#include <iterator>

#include <fmt/format.h>

#include <hocket/http/client/detail/target_form.hpp>

namespace hocket::http::detail {

void append_target(std::string& to, const url& target, target_form form) {
  if (form == target_form::authority) {
    fmt::format_to(std::back_inserter(to), "{}:{}", target.host(), target.port_or_default());
    return;
  }
  if (form == target_form::absolute) to.append(target.scheme()).append("://").append(target.host_with_port());
  to.append(target.request_target());
}

}  // namespace hocket::http::detail
