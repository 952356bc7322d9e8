#include <hocket/url/url_error.hpp>

namespace hocket {

const char* describe(url_error error) noexcept {
  switch (error) {
    case url_error::no_scheme:
      return "no scheme and no base";
    case url_error::opaque_base:
      return "relative, but the base has an opaque path";
    case url_error::host_missing:
      return "no host";
    case url_error::host_invalid:
      return "forbidden character in the host";
    case url_error::ipv4_invalid:
      return "host ends in a number but is not an IPv4 address";
    case url_error::ipv6_invalid:
      return "bad IPv6 address";
    case url_error::idna_invalid:
      return "host is no valid international domain name";
    case url_error::port_invalid:
      return "port is not a number";
    case url_error::port_out_of_range:
      return "port out of range";
    case url_error::too_long:
      return "longer than 64 KiB";
  }
  return "unknown URL error";
}

}  // namespace hocket
