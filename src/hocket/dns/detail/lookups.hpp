#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/future.hpp>
#include <hocket/dns/detail/answer_cache.hpp>
#include <hocket/dns/detail/channel.hpp>
#include <hocket/dns/detail/hosts_file.hpp>

namespace hocket::detail {

/// What a resolver knows and is about to know. It belongs to the resolver and to the calls under way, which end when the resolver
/// goes. See lookups.cpp.
class lookups : public std::enable_shared_from_this<lookups> {
 public:
  explicit lookups(dns_options options);
  ~lookups();
  lookups(const lookups&) = delete;
  lookups& operator=(const lookups&) = delete;

  void close() noexcept;

  /// The answer to one question, remembered or asked for. Throws `cancelled`, and dns_error for what is no name.
  [[nodiscard]] static coro<answer_ref> look_up(std::shared_ptr<lookups> self, std::string name, dns_type type);
  /// See `resolver::resolve`.
  [[nodiscard]] static coro<std::vector<socket_address>> resolve(std::shared_ptr<lookups> self, std::string host,
                                                                 std::uint16_t port, int family);

  /// " (asked 127.0.0.1:53)"
  [[nodiscard]] std::string asked() const;

  [[nodiscard]] answer_cache& cache() noexcept { return cache_; }
  [[nodiscard]] const channel& asks() const noexcept { return *channel_; }
  [[nodiscard]] std::size_t under_way() const noexcept { return flying_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return line_.size(); }
  [[nodiscard]] std::uint64_t questions() const noexcept { return questions_; }
  [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }

 private:
  class lookup;

  [[nodiscard]] future<answer_ref> begin(const std::string& name, dns_type type);
  [[nodiscard]] static coro<answer_ref> addresses_of(std::shared_ptr<lookups> self, std::string name, int family);
  void ask(lookup& next) noexcept;
  void ask_those_in_line() noexcept;
  [[nodiscard]] bool may_ask() const noexcept;
  void ended(lookup& over, std::optional<dns_errc> error, std::span<const unsigned char> bytes) noexcept;
  void heard(const dns_refusal& refusal);
  void keep(lookup& over);
  [[nodiscard]] time_point keep_until(const dns_answer& answer) const noexcept;
  [[nodiscard]] std::vector<std::string> candidates(const std::string& host) const;

  dns_options options_;
  std::shared_ptr<channel> channel_;
  const answer_ref over_;  // what is said once it is closed
  answer_cache cache_;
  hosts_file hosts_;
  std::unordered_map<std::string, std::unique_ptr<lookup>> lookups_;  // by question: asked, or in line
  std::deque<lookup*> line_;
  std::size_t flying_ = 0;  // asked
  bool asks_ = false;       // those in line
  std::uint64_t questions_ = 0;
  std::uint64_t hits_ = 0;
  bool closed_ = false;
};

/// The name as it is asked for, in lower case and without the dot at the end. Throws dns_error (bad_name).
[[nodiscard]] std::string normal_name(std::string_view name);
/// What was wanted, in one line.
[[noreturn]] void fail_to(const std::string& what, std::string_view name, dns_errc why, const std::string& asked);

}  // namespace hocket::detail
