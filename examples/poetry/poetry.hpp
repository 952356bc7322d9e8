#pragma once

// What the poetry clients have in common: a command line, a socket, a report. How they wait is the lesson, and stands in each of them.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../command_line.hpp"

/// Where a poem is served.
struct address {
  std::string host;
  std::uint16_t port = 0;
  sockaddr_in socket_address{};

  /// Of "[HOST:]PORT". Throws std::invalid_argument.
  explicit address(const std::string& text) {
    const auto colon = text.rfind(':');
    host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
    const std::string number = text.substr(colon == text.npos ? 0 : colon + 1);
    const bool is_number =
        !number.empty() && number.size() <= 5 && number.find_first_not_of("0123456789") == number.npos;
    const int value = is_number ? std::stoi(number) : 0;
    if (host.empty() || value < 1 || value > 65535)
      throw std::invalid_argument(fmt::format("'{}' is no [HOST:]PORT", text));
    port = static_cast<std::uint16_t>(value);
  }

  [[nodiscard]] std::string to_string() const { return fmt::format("{}:{}", host, port); }
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&socket_address); }

  /// Finds the host, and may wait for that.
  void resolve() {
    addrinfo wanted{.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0)
      throw std::runtime_error(fmt::format("cannot find '{}': {}", host, ::gai_strerror(error)));
    socket_address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    socket_address.sin_port = htons(port);
    ::freeaddrinfo(found);
  }
};

[[noreturn]] inline void fail(const char* to_do, const address& with, int error = errno) {
  throw std::system_error(error, std::system_category(), fmt::format("cannot {} {}", to_do, with.to_string()));
}

/// A TCP socket, closed with this object.
class tcp_socket {
 public:
  /// `flags`: SOCK_NONBLOCK or nothing.
  explicit tcp_socket(int flags = 0) : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {
    if (number_ < 0) throw std::system_error(errno, std::system_category(), "cannot make a socket");
  }
  tcp_socket(tcp_socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  tcp_socket& operator=(tcp_socket&&) = delete;
  ~tcp_socket() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

/// True once the socket is connected; a socket that does not block is not, at first.
inline bool try_connect(const tcp_socket& socket, const address& to) {
  if (::connect(socket.number(), to.get(), sizeof to.socket_address) == 0 || errno == EISCONN) return true;
  if (errno != EINPROGRESS && errno != EALREADY) fail("connect to", to);
  return false;
}

/// Some bytes; none at the end. Nothing if a socket that does not block has none yet.
inline std::optional<std::string> try_receive(const tcp_socket& socket, const address& from) {
  char bytes[1024];
  const ssize_t size = ::recv(socket.number(), bytes, sizeof bytes, 0);
  if (size >= 0) return std::string(bytes, static_cast<std::size_t>(size));
  if (errno != EAGAIN) fail("receive from", from);
  return std::nullopt;
}

inline void append(std::string& poem, std::string_view bytes, const address& from) {
  constexpr std::size_t longest_poem = 16 * 1024 * 1024;
  if (poem.size() + bytes.size() > longest_poem)
    throw std::runtime_error(fmt::format("{} sends more than any poem: over {} bytes", from.to_string(), longest_poem));
  poem += bytes;
}

/// The whole of a client but how it gets the poems: writes them to standard output, in the order of the addresses, and what there
/// was to standard error. Gives the exit code; an error is one line.
template <class GetPoetry>
int run_client(int argc, char** argv, const char* name, const char* what_it_does, GetPoetry get_poetry) {
  std::vector<std::string> texts;
  CLI::App options(what_it_does, name);
  options.add_option("ADDRESS", texts, "where a poem is served: [HOST:]PORT")->required();
  read_command_line(options, argc, argv);
  try {
    std::vector<address> addresses;
    for (const std::string& text : texts) addresses.emplace_back(text);
    for (address& each : addresses) each.resolve();

    const auto begin = std::chrono::steady_clock::now();
    const std::vector<std::string> poems = get_poetry(addresses);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    for (std::size_t n = 0; n < poems.size(); ++n) {
      fmt::print("{}", poems[n]);
      fmt::print(stderr, "poem {}: {} bytes from {}\n", n + 1, poems[n].size(), addresses[n].to_string());
    }
    fmt::print(stderr, "{} in {:.2f} s\n", poems.size() == 1 ? "1 poem" : fmt::format("{} poems", poems.size()),
               took.count());
    return 0;
  } catch (const std::invalid_argument& wrong) {
    fmt::print(stderr, "{}: {} (see {} --help)\n", name, wrong.what(), name);
    return 2;
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}: {}\n", name, failure.what());
    return 1;
  }
}
