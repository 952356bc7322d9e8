// Answers of name servers, which may hold anything.
//
// The reader remembers that it ran out of bytes, and gives zeros from then on, so that one look at the end of each record suffices.
// A compressed name goes backwards only, from where it begins and with each pointer: it cannot run in circles. A message has 64 KiB
// at most and a record eleven bytes at least, which bounds everything else.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <hocket/dns/detail/message.hpp>

namespace hocket::detail {
namespace {

constexpr std::size_t most_name_bytes = 254;  // on the wire, without the last zero
constexpr int most_aliases = 16;
constexpr std::uint16_t internet = 1;  // the class
constexpr unsigned no_error = 0, format_error = 1, server_failure = 2, no_such_name = 3, not_implemented = 4;

void append_label(std::string& text, std::span<const unsigned char> label) {
  if (!text.empty()) text += '.';
  for (const unsigned char each : label) {
    if (each <= ' ' || each > '~')
      text += fmt::format("\\{:03}", each);
    else if (each == '.' || each == '\\')
      text.append(1, '\\').append(1, static_cast<char>(each));
    else
      text += static_cast<char>(each);
  }
}

class reader {
 public:
  explicit reader(std::span<const unsigned char> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  void fail() noexcept { failed_ = true; }
  [[nodiscard]] std::size_t place() const noexcept { return at_; }
  void go_to(std::size_t place) noexcept { at_ = place; }

  std::span<const unsigned char> take(std::size_t count) noexcept {
    if (failed_ || count > bytes_.size() - at_) {
      failed_ = true;
      return {};
    }
    return bytes_.subspan(std::exchange(at_, at_ + count), count);
  }
  std::uint32_t number(std::size_t size) noexcept {
    std::uint32_t value = 0;
    for (const unsigned char each : take(size)) value = value << 8 | each;
    return value;
  }
  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() noexcept { return number(4); }
  std::chrono::seconds seconds() noexcept { return std::chrono::seconds(u32()); }
  // What would be negative is zero: RFC 2181, 8.
  std::chrono::seconds ttl() noexcept {
    const std::uint32_t value = u32();
    return std::chrono::seconds(value > INT32_MAX ? 0 : value);
  }

  std::string text(std::size_t size) {
    const auto bytes = take(size);
    return {bytes.begin(), bytes.end()};
  }
  std::string short_text() { return text(u8()); }

  // RFC 1035, 4.1.4
  std::string name() {
    std::string text;
    std::size_t here = at_;
    std::size_t lowest = at_;
    std::size_t used = 0;
    bool jumped = false;
    const auto arrive = [&](std::size_t place) {
      if (!jumped) at_ = place;
    };
    while (!failed_) {
      if (here >= bytes_.size()) break;
      const unsigned length = bytes_[here];
      if (length == 0) {
        arrive(here + 1);
        return text.empty() ? "." : text;
      }
      if (length >= 0xc0) {
        if (here + 1 >= bytes_.size()) break;
        const std::size_t target = (length & 0x3fU) << 8 | bytes_[here + 1];
        arrive(here + 2);
        if (target >= lowest) break;
        jumped = true;
        here = lowest = target;
        continue;
      }
      used += length + 1;
      if (length >= 0x40 || used > most_name_bytes || length > bytes_.size() - here - 1) break;
      append_label(text, bytes_.subspan(here + 1, length));
      here += length + 1;
    }
    failed_ = true;
    return {};
  }

 private:
  std::span<const unsigned char> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

socket_address v4(std::span<const unsigned char> bytes) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  std::ranges::copy(bytes, reinterpret_cast<unsigned char*>(&address.sin_addr));
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

socket_address v6(std::span<const unsigned char> bytes) noexcept {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::ranges::copy(bytes, reinterpret_cast<unsigned char*>(&address.sin6_addr));
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

// The members of a braced list are read in their order.
dns::record read_record(reader& from, dns_type type, std::chrono::seconds ttl, std::size_t end) {
  switch (type) {
    case dns_type::a:
      return dns::a{.address = v4(from.take(4)), .ttl = ttl};
    case dns_type::aaaa:
      return dns::aaaa{.address = v6(from.take(16)), .ttl = ttl};
    case dns_type::cname:
      return dns::cname{.host = from.name(), .ttl = ttl};
    case dns_type::ns:
      return dns::ns{.host = from.name(), .ttl = ttl};
    case dns_type::ptr:
      return dns::ptr{.host = from.name(), .ttl = ttl};
    case dns_type::mx: {
      const std::uint16_t priority = from.u16();
      return dns::mx{.host = from.name(), .priority = priority, .ttl = ttl};
    }
    case dns_type::txt: {
      dns::txt found{.ttl = ttl};
      while (!from.failed() && from.place() < end) found.text += from.short_text();
      return found;
    }
    case dns_type::srv: {
      const std::uint16_t priority = from.u16();
      const std::uint16_t weight = from.u16();
      const std::uint16_t port = from.u16();
      return dns::srv{.host = from.name(), .port = port, .priority = priority, .weight = weight, .ttl = ttl};
    }
    case dns_type::soa:
      return dns::soa{.nsname = from.name(),
                      .hostmaster = from.name(),
                      .serial = from.u32(),
                      .refresh = from.seconds(),
                      .retry = from.seconds(),
                      .expires = from.seconds(),
                      .minttl = from.ttl(),
                      .ttl = ttl};
    case dns_type::caa: {
      const bool critical = (from.u8() & 0x80U) != 0;
      std::string property = from.short_text();
      const std::size_t rest = from.place() <= end ? end - from.place() : 0;
      return dns::caa{.critical = critical, .property = std::move(property), .value = from.text(rest), .ttl = ttl};
    }
    case dns_type::naptr:
      return dns::naptr{.order = from.u16(),
                        .preference = from.u16(),
                        .flags = from.short_text(),
                        .service = from.short_text(),
                        .regex = from.short_text(),
                        .replacement = from.name(),
                        .ttl = ttl};
  }
  return dns::txt{};
}

struct owned_record {
  std::string owner;
  dns_type type;
  std::chrono::seconds ttl;
  dns::record record;
};

// One record; what nobody wants is skipped.
std::optional<owned_record> read_next(reader& from, std::initializer_list<dns_type> wanted) {
  std::string owner = from.name();
  const auto type = static_cast<dns_type>(from.u16());
  const bool is_internet = from.u16() == internet;
  const std::chrono::seconds ttl = from.ttl();
  const std::uint16_t size = from.u16();
  const std::size_t begin = from.place();
  if (from.take(size).size() != size || !is_internet || std::ranges::find(wanted, type) == wanted.end()) return {};
  from.go_to(begin);
  owned_record found{
      .owner = std::move(owner), .type = type, .ttl = ttl, .record = read_record(from, type, ttl, begin + size)};
  if (from.place() != begin + size) from.fail();
  return found;
}

char lower(char letter) noexcept { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }

bool same_name(std::string_view a, std::string_view b) noexcept { return std::ranges::equal(a, b, {}, lower, lower); }

// Follows the aliases from `name` to the first that has records of the type.
void collect(dns_message& into, std::vector<owned_record>& answers, std::string name, dns_type type) {
  for (int hops = 0; hops <= most_aliases; ++hops) {
    const owned_record* alias = nullptr;
    for (owned_record& each : answers) {
      if (!same_name(each.owner, name)) continue;
      if (each.type != type) {
        alias = &each;
        continue;
      }
      into.ttl = std::min(into.ttl.value_or(each.ttl), each.ttl);
      into.records.push_back(std::move(each.record));
    }
    if (!into.records.empty() || alias == nullptr) return;
    into.ttl = std::min(into.ttl.value_or(alias->ttl), alias->ttl);
    name = std::get<dns::cname>(alias->record).host;
  }
}

std::optional<dns_errc> error_of(unsigned response_code) noexcept {
  switch (response_code) {
    case no_error:
      return {};
    case format_error:
      return dns_errc::format_error;
    case server_failure:
      return dns_errc::server_failure;
    case no_such_name:
      return dns_errc::no_such_name;
    case not_implemented:
      return dns_errc::not_implemented;
    default:
      return dns_errc::refused;
  }
}

struct header {
  bool is_good = false;
  unsigned code = 0;
  unsigned answers = 0;
  unsigned authorities = 0;
  std::string question{};
  dns_type type{};
};

// Up to the end of the one question.
header read_header(reader& from) {
  from.take(2);  // the number, which was looked at before
  const std::uint16_t flags = from.u16();
  const std::uint16_t questions = from.u16();
  header head{.code = flags & 0xfU};
  head.answers = from.u16();
  head.authorities = from.u16();
  from.take(2);
  head.question = from.name();
  head.type = static_cast<dns_type>(from.u16());
  from.take(2);
  head.is_good = (flags & 0x8000U) != 0 && questions == 1 && !from.failed();
  return head;
}

}  // namespace

std::string_view name_of(dns_type type) noexcept {
  switch (type) {
    case dns_type::a:
      return "A";
    case dns_type::ns:
      return "NS";
    case dns_type::cname:
      return "CNAME";
    case dns_type::soa:
      return "SOA";
    case dns_type::ptr:
      return "PTR";
    case dns_type::mx:
      return "MX";
    case dns_type::txt:
      return "TXT";
    case dns_type::aaaa:
      return "AAAA";
    case dns_type::srv:
      return "SRV";
    case dns_type::naptr:
      return "NAPTR";
    case dns_type::caa:
      return "CAA";
  }
  return "?";
}

dns_message read_message(std::span<const unsigned char> bytes, dns_type type) {
  reader from(bytes);
  const header head = read_header(from);
  if (!head.is_good) return {.error = dns_errc::bad_response};

  std::vector<owned_record> answers;
  for (unsigned n = 0; n < head.answers && !from.failed(); ++n)
    if (auto each = read_next(from, {type, dns_type::cname})) answers.push_back(std::move(*each));
  if (from.failed()) return {.error = dns_errc::bad_response};

  dns_message message{.error = error_of(head.code)};
  if (!message.error) collect(message, answers, head.question, type);
  if (!message.records.empty()) return message;
  if (!message.error) message.error = dns_errc::no_data;
  message.ttl.reset();
  for (unsigned n = 0; n < head.authorities && !from.failed(); ++n) {
    const auto each = read_next(from, {dns_type::soa});
    if (each) message.ttl = std::min(each->ttl, std::get<dns::soa>(each->record).minttl);
  }
  if (from.failed()) message.ttl.reset();
  return message;
}

std::optional<dns_refusal> read_refusal(std::span<const unsigned char> bytes) {
  if (bytes.size() < 4) return {};
  const auto error = error_of(bytes[3] & 0xfU);
  if (!error || *error == dns_errc::no_such_name || *error == dns_errc::format_error) return {};
  reader from(bytes);
  header head = read_header(from);
  if (!head.is_good) return {};
  for (char& each : head.question) each = lower(each);
  return dns_refusal{.name = std::move(head.question), .type = head.type, .error = *error};
}

}  // namespace hocket::detail
