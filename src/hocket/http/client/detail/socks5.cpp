// Each answer is read to its last byte and no further: what follows belongs to the server. The stream lends what has come, so a proxy that
// sends more than its answer is refused; nothing may come before we have spoken.

#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/socks5.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http::detail {
namespace {

constexpr char version = 5;
constexpr char version_of_authentication = 1;
constexpr char no_authentication = 0;
constexpr char by_password = 2;
constexpr char no_method = static_cast<char>(0xff);
constexpr char connect_command = 1;
constexpr char is_v4 = 1;
constexpr char is_domain = 3;
constexpr char is_v6 = 4;
constexpr std::size_t longest = 255;  // of what its length stands before in one byte

const char* describe_reply(char code) noexcept {
  switch (code) {
    case 1:
      return "general failure";
    case 2:
      return "not allowed by its rules";
    case 3:
      return "network unreachable";
    case 4:
      return "host unreachable";
    case 5:
      return "connection refused";
    case 6:
      return "time to live expired";
    case 7:
      return "command not supported";
    case 8:
      return "kind of address not supported";
    default:
      return "unknown failure";
  }
}

/// What a proxy says, read answer by answer.
class conversation {
 public:
  conversation(byte_stream& stream, const proxy& via) noexcept : stream_(stream), via_(via) {}

  [[noreturn]] void fail(std::string_view why) const {
    throw proxy_error(fmt::format("the proxy {} {}", via_.name(), why));
  }

  /// Reads until there are `size` bytes of this answer.
  coro<std::string_view> answer(std::size_t size) {
    while (said_.size() < size) {
      const buffer piece = co_await stream_.receive();
      if (!piece) fail("closed the connection without an answer");
      said_ += piece.text();
    }
    co_return said_;
  }

  /// The answer is complete: there is nothing behind it.
  void end(std::size_t size) {
    if (said_.size() != size) fail("sends what nobody has asked for");
    said_.clear();
  }

  coro<void> say(std::string_view bytes) { co_await stream_.send_all(bytes); }

 private:
  byte_stream& stream_;
  const proxy& via_;
  std::string said_;
};

void append_short(std::string& to, std::string_view text) {
  to += static_cast<char>(text.size());
  to += text;
}

coro<void> authenticate(conversation& with, const proxy& via) {
  std::string hello{version, via.has_credentials() ? '\2' : '\1', no_authentication};
  if (via.has_credentials()) hello += by_password;
  co_await with.say(hello);
  const std::string chosen(co_await with.answer(2));
  with.end(2);
  if (chosen[0] != version) with.fail("does not speak SOCKS5");
  if (chosen[1] == no_authentication) co_return;
  if (chosen[1] == no_method || chosen[1] != by_password || !via.has_credentials())
    with.fail(via.has_credentials() ? "takes no password" : "wants a user and a password");
  std::string login{version_of_authentication};
  append_short(login, via.username());
  append_short(login, via.password());
  co_await with.say(login);
  const std::string verdict(co_await with.answer(2));
  with.end(2);
  if (verdict[0] != version_of_authentication) with.fail("does not speak SOCKS5");
  if (verdict[1] != 0) with.fail("does not know that user and password");
}

std::string connect_request(const std::string& host, std::uint16_t port) {
  std::string request{version, connect_command, '\0'};
  const auto numeric = socket_address::parse(host, port);
  if (!numeric) {
    request += is_domain;
    append_short(request, host);
  } else if (numeric->family() == AF_INET) {
    request += is_v4;
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(numeric->data());
    request.append(reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr);
  } else {
    request += is_v6;
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(numeric->data());
    request.append(reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr);
  }
  request += static_cast<char>(port >> 8);
  request += static_cast<char>(port & 0xff);
  return request;
}

}  // namespace

coro<void> pass_socks5(byte_stream& to_proxy, const proxy& via, std::string host, std::uint16_t port) {
  conversation with(to_proxy, via);
  if (host.size() > longest || via.username().size() > longest || via.password().size() > longest)
    with.fail("cannot be told: SOCKS5 has no more than 255 bytes for a name or a password");
  co_await authenticate(with, via);
  co_await with.say(connect_request(host, port));
  constexpr std::size_t front = 5;  // version, reply, zero, kind of address, and a byte of it
  const std::string_view reply = co_await with.answer(front);
  if (reply[0] != version) with.fail("does not speak SOCKS5");
  if (reply[1] != 0) with.fail(fmt::format("refuses: {}", describe_reply(reply[1])));
  std::size_t size = 4 + 2;
  if (reply[3] == is_v4)
    size += 4;
  else if (reply[3] == is_v6)
    size += 16;
  else if (reply[3] == is_domain)
    size += 1 + static_cast<unsigned char>(reply[4]);
  else
    with.fail("does not speak SOCKS5");
  static_cast<void>(co_await with.answer(size));
  with.end(size);
}

}  // namespace hocket::http::detail
