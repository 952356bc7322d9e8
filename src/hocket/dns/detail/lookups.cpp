// Questions under way, each asked once however many want to know.
//
// Whoever wants an answer holds a future of the question's. A future that is cancelled is left out when the answer comes; if all are,
// a question that still stands in line is dropped, and one that was asked is heard to its end, for c-ares cannot take it back: then
// its answer is remembered for the next one, and meanwhile another may be asked in its place. The line bounds what c-ares has to look
// after, whose numbers for questions have 16 bits.

#include <algorithm>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/dns/detail/lookups.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {
namespace {

constexpr std::size_t most_under_way = 1000;
constexpr std::size_t most_name_length = 1016;  // 253 bytes, each written as \DDD at worst, and some
constexpr std::size_t most_servers_told = 3;

std::string key_of(const std::string& name, dns_type type) {
  return fmt::format("{}/{}", static_cast<unsigned>(type), name);
}

// For messages: one line, whatever it is.
std::string printable(std::string_view name) {
  std::string text;
  for (const char each : name.substr(0, 255)) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte <= ' ' || byte > '~')
      text += fmt::format("\\{:03}", byte);
    else
      text += each;
  }
  return text.empty() ? "''" : text;
}

answer_ref failure(dns_errc why) {
  auto made = std::make_shared<dns_answer>();
  made->error = why;
  return made;
}

bool is_localhost(std::string_view name) noexcept { return name == "localhost" || name.ends_with(".localhost"); }

const socket_address& address_in(const dns::record& found) {
  if (const auto* v4 = std::get_if<dns::a>(&found)) return v4->address;
  return std::get<dns::aaaa>(found).address;
}

void append(dns_answer& into, const dns_answer& from) {
  into.records.insert(into.records.end(), from.records.begin(), from.records.end());
}

// Of two answers without addresses, the one that says more: a failure may hide an address, and a name may exist for one family.
const answer_ref& worse(const answer_ref& one, const answer_ref& other) noexcept {
  const auto rank = [](const answer_ref& each) {
    switch (*each->error) {
      case dns_errc::bad_name:
        return 0;
      case dns_errc::no_such_name:
        return 1;
      case dns_errc::no_data:
        return 2;
      default:
        return 3;
    }
  };
  return rank(other) > rank(one) ? other : one;
}

// Of the names that a host may have. As c-ares does: what would fail for all of them is not waited for again.
bool may_try_next(dns_errc error) noexcept {
  return error == dns_errc::no_such_name || error == dns_errc::no_data || error == dns_errc::server_failure ||
         error == dns_errc::bad_name;
}

std::vector<socket_address> with_first(int family, const std::vector<socket_address>& addresses) {
  std::vector<socket_address> ordered;
  ordered.reserve(addresses.size());
  for (const socket_address& each : addresses)
    if (each.family() == family) ordered.push_back(each);
  for (const socket_address& each : addresses)
    if (each.family() != family) ordered.push_back(each);
  return ordered;
}

// RFC 6724, 5, rules 1 and 6, as far as they matter here: IPv6 first, unless there is no way to it. Connecting UDP sends nothing.
coro<std::vector<socket_address>> in_order(std::vector<socket_address> addresses) {
  addresses = with_first(AF_INET6, addresses);
  if (addresses.front().family() == addresses.back().family()) co_return addresses;
  try {
    static_cast<void>(co_await connect_udp(addresses.front().with_port(53)));
  } catch (const std::system_error&) {
    addresses = with_first(AF_INET, addresses);
  }
  co_return addresses;
}

}  // namespace

namespace {

std::optional<std::string> normal_if_good(std::string_view name) {
  const bool is_root = name == ".";
  std::string normal(name);
  if (!is_root && normal.ends_with('.') && !normal.ends_with("\\.")) normal.pop_back();
  bool good = !normal.empty() && normal.size() <= most_name_length;
  for (char& each : normal) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each | 0x20);
    if (each <= ' ' || each > '~') good = false;
  }
  if (!is_root && (normal.starts_with('.') || normal.find("..") != std::string::npos)) good = false;
  return good ? std::optional(std::move(normal)) : std::nullopt;
}

}  // namespace

std::string normal_name(std::string_view name) {
  if (auto normal = normal_if_good(name)) return *std::move(normal);
  fail_to("look up", name, dns_errc::bad_name, "");
}

void fail_to(const std::string& what, std::string_view name, dns_errc why, const std::string& asked) {
  const bool was_asked = why != dns_errc::bad_name && why != dns_errc::closed;
  throw dns_error(why, fmt::format("cannot {} {}: {}{}", what, printable(name), make_error_code(why).message(),
                                   was_asked ? asked : ""));
}

class lookups::lookup final : public channel_listener {
 public:
  lookup(lookups& owner, std::string key, std::string name, dns_type type)
      : key(std::move(key)), name(std::move(name)), type(type), owner_(owner) {}

  void answered(std::optional<dns_errc> error, std::span<const unsigned char> bytes) noexcept override {
    owner_.ended(*this, error, bytes);
  }

  [[nodiscard]] bool is_wanted() const noexcept {
    return std::ranges::any_of(waiters, [](const future<answer_ref>& each) { return !each.done(); });
  }
  void tell(const answer_ref& answer) const {
    for (const auto& each : waiters)
      if (!each.done()) each.set_result(answer);
  }

  const std::string key;
  const std::string name;
  const dns_type type;
  bool is_asked = false;  // else it stands in line
  std::vector<future<answer_ref>> waiters;
  std::optional<dns_errc> refusal;                                            // the last
  const std::shared_ptr<dns_answer> answer = std::make_shared<dns_answer>();  // there must be room when it comes

 private:
  lookups& owner_;
};

lookups::lookups(dns_options options)
    : options_(std::move(options)),
      channel_(channel::open(options_, [this](const dns_refusal& refusal) { heard(refusal); })),
      over_(failure(dns_errc::closed)),
      cache_(options_.cache_size),
      hosts_(options_.hosts_file) {
  options_.limit = std::clamp<std::size_t>(options_.limit, 1, most_under_way);
}

lookups::~lookups() { close(); }

void lookups::close() noexcept {
  if (std::exchange(closed_, true)) return;
  channel_->close();  // tells those that were asked
  line_.clear();
  for (const auto& [key, waiting] : lookups_) waiting->tell(over_);
  lookups_.clear();
}

std::string lookups::asked() const {
  const auto& servers = channel_->servers();
  if (servers.empty()) return " (there is no name server)";
  std::string text;
  for (std::size_t n = 0; n < std::min(servers.size(), most_servers_told); ++n)
    text += fmt::format("{}{}", n == 0 ? " (asked " : ", ", servers[n].to_string());
  return text + (servers.size() > most_servers_told ? ", ...)" : ")");
}

// ---- one question

future<answer_ref> lookups::begin(const std::string& name, dns_type type) {
  future<answer_ref> wanted;
  if (closed_) {
    wanted.set_result(over_);
    return wanted;
  }
  std::string key = key_of(name, type);
  if (answer_ref known = cache_.find(key, loop::running().time())) {
    ++hits_;
    wanted.set_result(std::move(known));
    return wanted;
  }
  const auto [place, is_new] = lookups_.try_emplace(key);
  if (!is_new) {
    place->second->waiters.push_back(wanted);
    return wanted;
  }
  try {
    place->second = std::make_unique<lookup>(*this, key, name, type);
    place->second->waiters.push_back(wanted);
    line_.push_back(place->second.get());
  } catch (...) {
    lookups_.erase(place);
    throw;
  }
  ask_those_in_line();
  return wanted;
}

// One that cannot even be sent ends in here: those behind it are asked by the loop that is under way.
void lookups::ask_those_in_line() noexcept {
  if (asks_) return;
  asks_ = true;
  while (!closed_ && !line_.empty() && may_ask()) {
    lookup& next = *line_.front();
    line_.pop_front();
    if (next.is_wanted())
      ask(next);
    else
      lookups_.erase(next.key);
  }
  asks_ = false;
}

// Questions that nobody wants answered any more hold up nobody.
bool lookups::may_ask() const noexcept {
  if (flying_ < options_.limit) return true;
  if (flying_ >= most_under_way) return false;
  const auto wanted = std::ranges::count_if(
      lookups_, [](const auto& each) { return each.second->is_asked && each.second->is_wanted(); });
  return static_cast<std::size_t>(wanted) < options_.limit;
}

void lookups::ask(lookup& next) noexcept {
  next.is_asked = true;
  ++flying_;
  ++questions_;
  channel_->ask(next.name, next.type, next);  // it may have ended when this returns
}

void lookups::heard(const dns_refusal& refusal) {
  const auto found = lookups_.find(key_of(refusal.name, refusal.type));
  if (found != lookups_.end()) found->second->refusal = refusal.error;
}

void lookups::ended(lookup& over, std::optional<dns_errc> error, std::span<const unsigned char> bytes) noexcept {
  const auto found = lookups_.find(over.key);
  const auto owned = std::move(found->second);
  lookups_.erase(found);
  --flying_;
  if (error == dns_errc::connection_refused && over.refusal) error = over.refusal;
  try {
    static_cast<dns_message&>(*over.answer) = error ? dns_message{.error = error} : read_message(bytes, over.type);
    over.answer->weight = 1 + over.answer->records.size() / 8 + bytes.size() / 512;
    if (!closed_) keep(over);
  } catch (const std::bad_alloc&) {
    if (over.answer->records.empty()) over.answer->error = dns_errc::server_failure;
  }
  over.tell(over.answer);
  ask_those_in_line();
}

void lookups::keep(lookup& over) {
  dns_answer& answer = *over.answer;
  answer.received = loop::running().time();
  const time_point until = keep_until(answer);
  if (until > answer.received) cache_.keep(over.key, over.answer, until);
}

time_point lookups::keep_until(const dns_answer& answer) const noexcept {
  duration length{};
  if (!answer.error)
    length = std::min<duration>(*answer.ttl, options_.max_ttl);
  else if (*answer.error == dns_errc::no_such_name || *answer.error == dns_errc::no_data)
    length = answer.ttl ? std::min<duration>(*answer.ttl, options_.max_negative_ttl) : duration{};
  else if (*answer.error != dns_errc::closed && *answer.error != dns_errc::bad_name)
    length = options_.failure_ttl;
  return answer.received + length;
}

coro<answer_ref> lookups::look_up(std::shared_ptr<lookups> self, std::string name, dns_type type) {
  co_return co_await self->begin(normal_name(name), type);
}

// ---- the addresses of a host

std::vector<std::string> lookups::candidates(const std::string& host) const {
  const std::string name = normal_name(host);
  if (host.ends_with('.')) return {name};
  const auto& domains = channel_->search();
  const bool as_it_is_first = std::ranges::count(name, '.') >= channel_->ndots();
  std::vector<std::string> names;
  if (as_it_is_first) names.push_back(name);
  for (const std::string& domain : domains)
    if (auto longer = normal_if_good(name + "." + domain)) names.push_back(*std::move(longer));
  if (!as_it_is_first) names.push_back(name);
  return names;
}

// Both families are asked for at once; one that fails harms nobody if the other gives something.
coro<answer_ref> lookups::addresses_of(std::shared_ptr<lookups> self, std::string name, int family) {
  if (family == AF_INET) co_return co_await self->begin(name, dns_type::a);
  if (family == AF_INET6) co_return co_await self->begin(name, dns_type::aaaa);
  const auto asked_v6 = self->begin(name, dns_type::aaaa);
  const auto asked_v4 = self->begin(name, dns_type::a);
  answer_ref v6;
  try {
    v6 = co_await asked_v6;
  } catch (...) {  // cancelled: nobody wants to know the other
    asked_v4.cancel();
    throw;
  }
  const answer_ref v4 = co_await asked_v4;
  if (v6->error && v4->error) co_return worse(v6, v4);
  auto both = std::make_shared<dns_answer>();
  append(*both, *v6);
  append(*both, *v4);
  co_return both;
}

coro<std::vector<socket_address>> lookups::resolve(std::shared_ptr<lookups> self, std::string host, std::uint16_t port,
                                                   int family) {
  if (const auto numeric = socket_address::parse(host, port)) {
    if (family == AF_UNSPEC || family == numeric->family()) co_return std::vector{*numeric};
    fail_to("resolve", host, dns_errc::no_data, "");
  }
  const std::string name = normal_name(host);
  if (!self->hosts_.is_fresh()) co_await self->hosts_.refresh();
  std::vector<socket_address> addresses = self->hosts_.find(name, family);
  if (addresses.empty() && is_localhost(name)) {  // RFC 6761: nobody else is asked
    if (family != AF_INET6) addresses.push_back(*socket_address::parse("127.0.0.1", 0));
    if (family != AF_INET) addresses.push_back(*socket_address::parse("::1", 0));
  }

  answer_ref failed;
  if (addresses.empty()) {
    for (const std::string& candidate : self->candidates(host)) {
      const answer_ref answer = co_await addresses_of(self, candidate, family);
      for (const dns::record& each : answer->records) addresses.push_back(address_in(each));
      if (!addresses.empty()) break;
      failed = failed == nullptr ? answer : worse(failed, answer);
      if (!may_try_next(*answer->error)) break;
    }
    if (addresses.empty()) fail_to("resolve", host, *failed->error, self->asked());
  }

  addresses = co_await in_order(std::move(addresses));
  for (socket_address& each : addresses) each = each.with_port(port);
  co_return addresses;
}

}  // namespace hocket::detail
