#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/base/printable.hpp>
#include <hocket/io/service_manager.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {
namespace {

// "@name" is an abstract one.
socket_address address_of(std::string_view path) {
  return path.starts_with('@') ? socket_address::unix_abstract(path.substr(1)) : socket_address::unix_path(path);
}

int send_once(const socket_address& to, std::string_view text) noexcept {
  const int from = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (from < 0) return errno;
  const auto sent = ::sendto(from, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, to.data(), to.size());
  const int error = sent < 0 ? errno : 0;
  ::close(from);
  return error;
}

}  // namespace

bool notify_service_manager(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return false;
  if (const int error = send_once(address_of(path), state); error != 0)
    throw std::system_error(error, std::generic_category(),
                            fmt::format("the service manager at {} was not told", printable(path)));
  return true;
}

}  // namespace hocket
