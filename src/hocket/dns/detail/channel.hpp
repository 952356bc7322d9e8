#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/dns/detail/message.hpp>
#include <hocket/dns/dns_options.hpp>
#include <hocket/io/io_operation.hpp>
#include <hocket/loop/handle.hpp>

struct ares_channeldata;  // of c-ares

namespace hocket::detail {

/// Who waits for an answer of a channel's. Must stay alive until it has it.
class channel_listener {
 public:
  /// Called once for each `ask`, perhaps before that returns. `bytes` are a message if there is no error.
  virtual void answered(std::optional<dns_errc> error, std::span<const unsigned char> bytes) noexcept = 0;

 protected:
  ~channel_listener() = default;
};

/// c-ares, driven by the running loop. See channel.cpp.
class channel : public std::enable_shared_from_this<channel> {
 public:
  /// Called with what a server does not want to tell; the next one is asked then. Must not throw.
  using refusal_listener = std::function<void(const dns_refusal&)>;

  /// Throws hocket::error if c-ares cannot be used like that.
  [[nodiscard]] static std::shared_ptr<channel> open(const dns_options& options, refusal_listener refused);
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Asks for records of that type and name, and of no other.
  void ask(const std::string& name, dns_type type, channel_listener& listener) noexcept;

  /// Whoever waits is told that it is closed, the sockets are closed, and nothing more may be asked.
  void close() noexcept;

  [[nodiscard]] const std::vector<socket_address>& servers() const noexcept { return servers_; }
  [[nodiscard]] const std::vector<std::string>& search() const noexcept { return search_; }
  [[nodiscard]] int ndots() const noexcept { return ndots_; }
  [[nodiscard]] std::size_t open_sockets() const noexcept { return sockets_.size(); }

 private:
  struct watched_socket;
  class watch;
  struct callbacks;
  using socket_ref = std::shared_ptr<watched_socket>;

  explicit channel(refusal_listener refused) noexcept : refused_(std::move(refused)) {}
  void configure(const dns_options& options);
  void use_servers(const std::vector<socket_address>& servers);
  void read_configuration();

  [[nodiscard]] int open_socket(int family, int type, int protocol) noexcept;
  void close_socket(int number) noexcept;
  void wants_to_write(int number, bool wants) noexcept;
  [[nodiscard]] std::vector<socket_ref>::iterator find(int number) noexcept;

  [[nodiscard]] bool may_be_answer(int number, std::span<const unsigned char> bytes) noexcept;
  static coro<void> read(watch on);
  static coro<void> write(watch on);
  void heard(std::span<const unsigned char> bytes) noexcept;
  void process(int readable, int writable) noexcept;
  void give_up() noexcept;
  void set_timer() noexcept;
  void expire() noexcept;

  refusal_listener refused_;
  ares_channeldata* ares_ = nullptr;  // null: closed
  std::vector<socket_address> servers_;
  std::vector<std::string> search_;
  int ndots_ = 1;
  std::vector<socket_ref> sockets_;
  unsigned datagrams_left_ = 0;  // that may be read before others have their turn
  handle timer_;
  bool timer_set_ = false;
  time_point timer_due_{};
};

}  // namespace hocket::detail
