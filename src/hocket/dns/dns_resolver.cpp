#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <hocket/core/activity.hpp>
#include <hocket/dns/detail/lookups.hpp>
#include <hocket/dns/dns_resolver.hpp>

namespace hocket {
namespace {

// "1.2.0.192.in-addr.arpa", "1.0.0. ... .ip6.arpa": RFC 1035, 3.5; RFC 3596, 2.5
std::string reverse_name(const socket_address& given) {
  const socket_address address = given.from_v4_mapped();
  if (address.family() == AF_INET) {
    std::array<unsigned char, 4> bytes{};
    std::ranges::copy_n(
        reinterpret_cast<const unsigned char*>(&reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr), 4,
        bytes.begin());
    return fmt::format("{}.{}.{}.{}.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  }
  if (address.family() != AF_INET6) detail::fail_to("find the name of", address.to_string(), dns_errc::bad_name, "");
  const auto& bytes = reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr.s6_addr;
  std::string name;
  for (std::size_t n = 16; n-- > 0;) name += fmt::format("{:x}.{:x}.", bytes[n] & 0xf, bytes[n] >> 4);
  return name + "ip6.arpa";
}

// What is left of the time for which they hold.
template <class Record>
std::vector<Record> records_of(const detail::dns_answer& answer) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(loop::running().time() - answer.received);
  std::vector<Record> records;
  records.reserve(answer.records.size());
  for (const dns::record& each : answer.records) {
    Record& found = records.emplace_back(std::get<Record>(each));
    found.ttl = std::max(found.ttl - age, std::chrono::seconds(0));
  }
  return records;
}

}  // namespace

dns_resolver::dns_resolver(dns_options options) : state_(std::make_shared<detail::lookups>(std::move(options))) {}

dns_resolver::~dns_resolver() { state_->close(); }

coro<std::vector<socket_address>> dns_resolver::resolve(std::string host, std::uint16_t port, int family) {
  const auto state = state_;  // the resolver may go while this waits
  activity resolving(host);
  resolving.enter("resolving");
  co_return co_await detail::lookups::resolve(state, host, port, family);
}

template <dns::record_type Record>
coro<std::vector<Record>> dns_resolver::query(std::string name) {
  const auto state = state_;  // the resolver may go while this waits
  activity resolving(name);
  resolving.enter("resolving");
  constexpr detail::dns_type type = detail::type_of<Record>;
  const detail::answer_ref answer = co_await detail::lookups::look_up(state, name, type);
  if (answer->error) detail::fail_to(fmt::format("look up {} of", name_of(type)), name, *answer->error, state->asked());
  co_return records_of<Record>(*answer);
}

coro<std::vector<std::string>> dns_resolver::gethostbyaddr(socket_address address) {
  const auto state = state_;
  const detail::answer_ref answer =
      co_await detail::lookups::look_up(state, reverse_name(address), detail::dns_type::ptr);
  if (answer->error) detail::fail_to("find the name of", address.with_port(0).host(), *answer->error, state->asked());
  std::vector<std::string> names;
  for (dns::ptr& each : records_of<dns::ptr>(*answer)) names.push_back(std::move(each.host));
  co_return names;
}

void dns_resolver::clear_cache() noexcept { state_->cache().clear(); }

const std::vector<socket_address>& dns_resolver::servers() const noexcept { return state_->asks().servers(); }

dns_statistics dns_resolver::statistics() const noexcept {
  return {.questions = state_->questions(),
          .hits = state_->hits(),
          .cached = state_->cache().size(),
          .under_way = state_->under_way(),
          .waiting = state_->waiting(),
          .sockets = state_->asks().open_sockets()};
}

template coro<std::vector<dns::a>> dns_resolver::query(std::string name);
template coro<std::vector<dns::aaaa>> dns_resolver::query(std::string name);
template coro<std::vector<dns::cname>> dns_resolver::query(std::string name);
template coro<std::vector<dns::mx>> dns_resolver::query(std::string name);
template coro<std::vector<dns::txt>> dns_resolver::query(std::string name);
template coro<std::vector<dns::srv>> dns_resolver::query(std::string name);
template coro<std::vector<dns::ns>> dns_resolver::query(std::string name);
template coro<std::vector<dns::ptr>> dns_resolver::query(std::string name);
template coro<std::vector<dns::soa>> dns_resolver::query(std::string name);
template coro<std::vector<dns::caa>> dns_resolver::query(std::string name);
template coro<std::vector<dns::naptr>> dns_resolver::query(std::string name);

}  // namespace hocket
