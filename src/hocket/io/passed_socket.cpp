#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/io/passed_socket.hpp>

namespace hocket {
namespace {

constexpr int first_number = 3;       // SD_LISTEN_FDS_START
constexpr int most_sockets = 10'000;  // more than any service has

std::system_error failure(int error, int number, std::string_view what) {
  return {error, std::generic_category(), fmt::format("descriptor {}, {}", number, what)};
}

// For as long as it is looked at, a number that was meant for somebody.
std::optional<long> number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view all(text);
  long number = 0;
  const auto [end, problem] = std::from_chars(all.data(), all.data() + all.size(), number);
  if (problem != std::errc() || end != all.data() + all.size() || number < 0)
    throw error(fmt::format("{} is '{}', which is no number", variable, printable(all)));
  return number;
}

std::vector<std::string> names_in(const char* variable) {
  std::vector<std::string> names;
  const char* const text = std::getenv(variable);
  if (text == nullptr) return names;
  std::string_view rest(text);
  for (;;) {
    const std::size_t end = rest.find(':');
    names.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) return names;
    rest.remove_prefix(end + 1);
  }
}

int option(int number, int name) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(number, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

passed_socket::passed_socket(int number, std::string name) : number_(number), name_(std::move(name)) {
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0)
    throw failure(errno, number, "which this process was started with");
}

passed_socket::~passed_socket() {
  if (number_ >= 0) ::close(number_);
}

bool passed_socket::is_listening() const noexcept {
  return option(number_, SO_TYPE) == SOCK_STREAM && option(number_, SO_ACCEPTCONN) == 1;
}

socket_address passed_socket::local_address() const {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  if (::getsockname(number_, reinterpret_cast<sockaddr*>(&found), &size) != 0)
    throw failure(errno, number_, "the address of");
  return {reinterpret_cast<const sockaddr*>(&found), size};
}

io_handle passed_socket::handle(std::source_location where) const {
  const int copy = ::fcntl(number_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw failure(errno, number_, "one more of");
  return io_handle(copy, where);
}

std::vector<passed_socket> take_passed_sockets() {
  const auto process = number_in("LISTEN_PID");
  const auto count = number_in("LISTEN_FDS");
  std::vector<passed_socket> sockets;
  if (!process || !count || *process != ::getpid()) return sockets;
  if (*count > most_sockets) throw error(fmt::format("LISTEN_FDS is {}, which is too many", *count));
  std::vector<std::string> names = names_in("LISTEN_FDNAMES");
  for (const char* const variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);

  names.resize(static_cast<std::size_t>(*count), "unknown");
  sockets.reserve(names.size());
  for (int number = first_number; std::string& name : names) sockets.emplace_back(number++, std::move(name));
  return sockets;
}

}  // namespace hocket
