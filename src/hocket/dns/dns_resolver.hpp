#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/dns/dns_error.hpp>
#include <hocket/dns/dns_options.hpp>
#include <hocket/dns/dns_record.hpp>
#include <hocket/io/resolver.hpp>

namespace hocket {

namespace detail {
class lookups;
}

namespace dns {

/// A type of record that can be asked for.
template <class T>
concept record_type = std::constructible_from<record, T> && requires(T found) { found.ttl; };

}  // namespace dns

/// What a resolver has done and holds.
struct dns_statistics {
  std::uint64_t questions = 0;  // that were asked; a server that is silent is asked the same again
  std::uint64_t hits = 0;       // answers that were remembered
  std::size_t cached = 0;
  std::size_t under_way = 0;
  std::size_t waiting = 0;  // for others to end: `dns_options::limit`
  std::size_t sockets = 0;  // there are none while nothing is under way
};

/// Asks name servers, by c-ares: many names at once without a thread for each, and records other than addresses.
///
/// A question that several ask at the same time is asked once. Answers are remembered for as long as they hold, also that a name
/// does not exist. Cancelled, a call throws at once and leaves nothing behind but, at most, an answer that is heard to its end and
/// remembered. What fails is a `dns_error`, one line that names the name, the servers and the reason.
///
/// Belongs to the loop on which it was made, and must not outlive it. Destroying it ends the calls under way with
/// `dns_errc::closed`. Time-outs are of the system's clock, even where the loop's is another. Counterpart: aiodns.DNSResolver.
class dns_resolver final : public resolver {
 public:
  /// Reads resolv.conf(5). Throws hocket::error if the configuration is of no use.
  explicit dns_resolver(dns_options options = {});
  ~dns_resolver() override;
  dns_resolver(const dns_resolver&) = delete;
  dns_resolver& operator=(const dns_resolver&) = delete;

  /// The addresses of `host`: from the hosts file; otherwise of the first name along the search list that has any, A and AAAA asked
  /// for at once. IPv6 first, unless the machine has no way to it. `localhost` is always on loopback, and numbers are asked of nobody.
  /// Throws dns_error, `cancelled`. Counterparts: aiodns' gethostbyname, getaddrinfo.
  [[nodiscard]] coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port,
                                                          int family = AF_UNSPEC) override;

  /// The records of exactly that name, at least one, in the server's order, aliases followed: `query<dns::mx>("example.org")`.
  /// Neither the hosts file nor the search list counts. Names in other scripts must be encoded (xn--...). Throws dns_error
  /// (`no_data` if there are none), `cancelled`. Counterpart: aiodns' query.
  template <dns::record_type Record>
  [[nodiscard]] coro<std::vector<Record>> query(std::string name);

  /// The names of an address: its PTR records. Throws as `query` does. Counterpart: aiodns' gethostbyaddr.
  [[nodiscard]] coro<std::vector<std::string>> gethostbyaddr(socket_address address);

  /// Forgets every answer.
  void clear_cache() noexcept;

  /// Whom it asks.
  [[nodiscard]] const std::vector<socket_address>& servers() const noexcept;
  [[nodiscard]] dns_statistics statistics() const noexcept;

 private:
  std::shared_ptr<detail::lookups> state_;
};

extern template coro<std::vector<dns::a>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::aaaa>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::cname>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::mx>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::txt>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::srv>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::ns>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::ptr>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::soa>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::caa>> dns_resolver::query(std::string name);
extern template coro<std::vector<dns::naptr>> dns_resolver::query(std::string name);

}  // namespace hocket
