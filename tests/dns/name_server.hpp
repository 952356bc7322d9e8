#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/task.hpp>
#include <hocket/dns/dns_resolver.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/udp_socket.hpp>

namespace hocket::testing {

// ---- messages, byte by byte. RFC 1035, 4

inline std::string be16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}
inline std::string be32(std::uint32_t value) { return be16(value >> 16) + be16(value & 0xffff); }

/// "example.org" on the wire.
inline std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  return wire + '\0';
}

inline std::string short_text(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

inline constexpr unsigned type_a = 1, type_ns = 2, type_cname = 5, type_soa = 6, type_ptr = 12, type_mx = 15,
                          type_txt = 16, type_aaaa = 28, type_srv = 33, type_naptr = 35, type_caa = 257;
inline constexpr unsigned ok = 0, servfail = 2, nxdomain = 3, refused = 5;  // RCODEs

inline std::string resource(std::string_view name, unsigned type, std::uint32_t ttl, const std::string& data) {
  return wire_name(name) + be16(type) + be16(1) + be32(ttl) + be16(static_cast<unsigned>(data.size())) + data;
}
inline std::string soa_data(std::uint32_t minimum) {
  return wire_name("ns.example") + wire_name("admin.example") + be32(1) + be32(2) + be32(3) + be32(4) + be32(minimum);
}

/// What somebody wants to know.
struct question {
  std::uint16_t id = 0;
  std::string name{};
  unsigned type = 0;
  bool by_tcp = false;
  std::string section{};  // on the wire
};

struct reply_parts {
  unsigned code = ok;
  std::vector<std::string> answers{};  // `resource`
  std::vector<std::string> authorities{};
  bool truncated = false;
};

inline std::string reply_to(const question& asked, const reply_parts& parts) {
  std::string message = be16(asked.id) + be16(0x8180 | (parts.truncated ? 0x0200 : 0) | parts.code) + be16(1) +
                        be16(static_cast<unsigned>(parts.answers.size())) +
                        be16(static_cast<unsigned>(parts.authorities.size())) + be16(0) + asked.section;
  for (const auto& each : parts.answers) message += each;
  for (const auto& each : parts.authorities) message += each;
  return message;
}

inline std::optional<question> parse_question(std::string_view message, bool by_tcp) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(message[at])); };
  if (message.size() < 17) return {};
  question asked{.id = static_cast<std::uint16_t>(byte(0) << 8 | byte(1)), .by_tcp = by_tcp};
  std::size_t at = 12;
  while (at < message.size() && byte(at) != 0) {
    if (!asked.name.empty()) asked.name += '.';
    asked.name += message.substr(at + 1, byte(at));
    at += byte(at) + 1;
  }
  asked.type = byte(at + 1) << 8 | byte(at + 2);
  asked.section = message.substr(12, at + 5 - 12);
  return asked;
}

/// A name server on loopback, by UDP and by TCP, that answers what the test says, well-behaved or not. Its tasks end with the loop.
class name_server {
 public:
  /// The messages to send, in this order; none: silence.
  using script = std::function<std::vector<std::string>(const question&)>;

  explicit name_server(script play) : state_(std::make_shared<state>(std::move(play))) {
    tasks_.push_back(create_task(serve_udp(state_)));
    tasks_.push_back(create_task(serve_tcp(state_)));
  }
  ~name_server() {
    for (auto& each : tasks_) each.cancel();
  }
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;

  [[nodiscard]] socket_address address() const { return state_->udp.local_address(); }
  /// What was asked, each time.
  [[nodiscard]] const std::vector<question>& asked() const noexcept { return state_->asked; }

  /// That ask this server alone, and do not know this machine's hosts.
  [[nodiscard]] dns_options options() const {
    return {.servers = {address()}, .search = std::vector<std::string>{}, .ndots = 1, .hosts_file = ""};
  }

 private:
  struct state {
    explicit state(script what) : play(std::move(what)) {
      for (;;) {  // until a port is free for both
        udp = udp_socket::bind(*socket_address::parse("127.0.0.1", 0));
        try {
          tcp = tcp_listener::listen(udp.local_address());
          return;
        } catch (const std::system_error&) {
        }
      }
    }
    script play;
    udp_socket udp;
    tcp_listener tcp;
    std::vector<question> asked;
  };

  static std::vector<std::string> answers(state& mine, std::string_view message, bool by_tcp) {
    const auto asked = parse_question(message, by_tcp);
    if (!asked) return {};
    mine.asked.push_back(*asked);
    return mine.play(*asked);
  }

  static coro<void> serve_udp(std::shared_ptr<state> mine) {
    std::vector<char> bytes(4096);
    for (;;) {
      const auto got = co_await as_expected(mine->udp.receive_from(bytes));
      if (!got) continue;
      for (const std::string& each : answers(*mine, {bytes.data(), got->size}, false))
        static_cast<void>(co_await as_expected(mine->udp.send_to(each, got->sender)));
    }
  }
  static coro<void> serve_tcp(std::shared_ptr<state> mine) {
    for (;;) {
      auto peer = co_await as_expected(mine->tcp.accept());
      if (peer) create_task(serve_connection(mine, std::move(*peer)));
    }
  }
  static coro<void> serve_connection(std::shared_ptr<state> mine, tcp_socket peer) {
    std::string received;
    for (;;) {
      const auto bytes = co_await as_expected(peer.receive());
      if (!bytes || !*bytes) co_return;
      received += bytes->text();
      while (received.size() >= 2) {
        const std::size_t size =
            static_cast<unsigned char>(received[0]) * 256U + static_cast<unsigned char>(received[1]);
        if (received.size() < size + 2) break;
        for (const std::string& each : answers(*mine, std::string_view(received).substr(2, size), true)) {
          const std::string framed = be16(static_cast<unsigned>(each.size())) + each;
          if (!co_await as_expected(peer.send_all(framed))) co_return;
        }
        received.erase(0, size + 2);
      }
    }
  }

  std::shared_ptr<state> state_;
  std::vector<task<void>> tasks_;
};

/// Says what it was told of a type and name; of others that they do not exist, for a minute.
inline name_server::script says(unsigned type, std::string name, std::vector<std::string> records) {
  return [=](const question& asked) -> std::vector<std::string> {
    if (asked.type == type && asked.name == name) return {reply_to(asked, {.answers = records})};
    return {reply_to(asked, {.code = nxdomain, .authorities = {resource("example", type_soa, 60, soa_data(60))}})};
  };
}

/// What `work` fails with, whatever it would give.
template <class T>
coro<std::optional<dns_error>> dns_failure_of(coro<T> work) {
  const auto outcome = co_await as_result(std::move(work));
  if (outcome) co_return std::nullopt;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const dns_error& problem) {
    co_return problem;
  }
}

}  // namespace hocket::testing
