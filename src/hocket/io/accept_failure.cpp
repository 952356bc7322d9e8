#include <cerrno>

#include <hocket/io/accept_failure.hpp>

namespace hocket {

accept_failure accept_failure_of(const std::error_code& error) noexcept {
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return accept_failure::of_connection;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return accept_failure::out_of_resources;
    default:
      return accept_failure::of_listener;
  }
}

}  // namespace hocket
