// What is in an answer, whatever the server has put there.

#include <random>
#include <span>
#include <string>

#include <dns/name_server.hpp>
#include <gtest/gtest.h>

#include <hocket/dns/detail/message.hpp>

using namespace std::chrono_literals;
using hocket::dns_errc;
using hocket::detail::dns_message;
using hocket::detail::dns_type;
using namespace hocket::testing;
namespace dns = hocket::dns;

namespace {

question asked_for(std::string_view name, unsigned type) {
  return {.id = 7, .name = std::string(name), .type = type, .section = wire_name(name) + be16(type) + be16(1)};
}

dns_message read(const std::string& bytes, unsigned type) {
  return hocket::detail::read_message({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                                      static_cast<dns_type>(type));
}

dns_message answer(std::string_view name, unsigned type, std::vector<std::string> records) {
  return read(reply_to(asked_for(name, type), {.answers = std::move(records)}), type);
}

template <class Record>
Record only(const dns_message& message) {
  EXPECT_FALSE(message.error.has_value());
  EXPECT_EQ(message.records.size(), 1U);
  return message.records.empty() ? Record{} : std::get<Record>(message.records.front());
}

TEST(dns_message, has_each_type_of_record) {
  const auto of = [](unsigned type, const std::string& data) {
    return answer("x.example", type, {resource("x.example", type, 300, data)});
  };
  EXPECT_EQ(only<dns::a>(of(type_a, {'\xc0', 0, 2, 1})).address.host(), "192.0.2.1");
  EXPECT_EQ(only<dns::a>(of(type_a, {'\xc0', 0, 2, 1})).ttl, 300s);
  EXPECT_EQ(
      only<dns::aaaa>(of(type_aaaa, std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\1')).address.host(),
      "2001:db8::1");
  EXPECT_EQ(only<dns::cname>(of(type_cname, wire_name("y.example"))).host, "y.example");
  EXPECT_EQ(only<dns::ns>(of(type_ns, wire_name("ns.example"))).host, "ns.example");
  EXPECT_EQ(only<dns::ptr>(of(type_ptr, wire_name("host.example"))).host, "host.example");
  const auto mail = only<dns::mx>(of(type_mx, be16(10) + wire_name("mail.example")));
  EXPECT_EQ(mail.host, "mail.example");
  EXPECT_EQ(mail.priority, 10);
  EXPECT_EQ(only<dns::txt>(of(type_txt, short_text("one ") + short_text("two"))).text, "one two");
  const auto service = only<dns::srv>(of(type_srv, be16(1) + be16(2) + be16(443) + wire_name("s.example")));
  EXPECT_EQ(service.host, "s.example");
  EXPECT_EQ(service.priority, 1);
  EXPECT_EQ(service.weight, 2);
  EXPECT_EQ(service.port, 443);
  const auto zone = only<dns::soa>(of(type_soa, soa_data(60)));
  EXPECT_EQ(zone.nsname, "ns.example");
  EXPECT_EQ(zone.hostmaster, "admin.example");
  EXPECT_EQ(zone.serial, 1U);
  EXPECT_EQ(zone.minttl, 60s);
  const auto authority = only<dns::caa>(of(type_caa, std::string(1, '\x80') + short_text("issue") + "ca.example"));
  EXPECT_TRUE(authority.critical);
  EXPECT_EQ(authority.property, "issue");
  EXPECT_EQ(authority.value, "ca.example");
  const auto rule = only<dns::naptr>(of(type_naptr, be16(1) + be16(2) + short_text("u") + short_text("E2U+sip") +
                                                        short_text("!^.*$!sip:x!") + wire_name("")));
  EXPECT_EQ(rule.order, 1);
  EXPECT_EQ(rule.service, "E2U+sip");
  EXPECT_EQ(rule.regex, "!^.*$!sip:x!");
  EXPECT_EQ(rule.replacement, ".");
}

TEST(dns_message, of_an_alias_has_the_records_at_its_end_and_the_least_time) {
  const auto message =
      answer("www.example", type_a,
             {resource("www.example", type_cname, 30, wire_name("Web.Example")),
              resource("web.example", type_a, 300, {1, 2, 3, 4}), resource("web.example", type_a, 200, {1, 2, 3, 5})});
  EXPECT_EQ(message.records.size(), 2U);
  EXPECT_EQ(message.ttl, 30s);
}

TEST(dns_message, has_nothing_of_names_that_nobody_asked_for) {
  const auto message =
      answer("x.example", type_a,
             {resource("bank.example", type_a, 300, {6, 6, 6, 6}), resource("x.example", type_a, 300, {1, 2, 3, 4})});
  EXPECT_EQ(only<dns::a>(message).address.host(), "1.2.3.4");
  EXPECT_EQ(answer("x.example", type_a, {resource("bank.example", type_a, 300, {6, 6, 6, 6})}).error,
            dns_errc::no_data);
}

TEST(dns_message, of_aliases_that_run_in_circles_has_no_data) {
  const auto message = answer("a.example", type_a,
                              {resource("a.example", type_cname, 30, wire_name("b.example")),
                               resource("b.example", type_cname, 30, wire_name("a.example"))});
  EXPECT_EQ(message.error, dns_errc::no_data);
}

TEST(dns_message, of_a_compressed_name_that_runs_in_circles_is_malformed) {
  const std::string here = "\xc0\x1b";  // where the record's own name stands
  const std::string record = here + be16(type_a) + be16(1) + be32(1) + be16(4) + std::string(4, '\1');
  EXPECT_EQ(answer("x.example", type_a, {record}).error, dns_errc::bad_response);
}

TEST(dns_message, reads_compressed_names) {
  const std::string question_name = "\xc0\x0c";
  const std::string record = question_name + be16(type_a) + be16(1) + be32(9) + be16(4) + std::string(4, '\1');
  EXPECT_EQ(only<dns::a>(answer("x.example", type_a, {record})).ttl, 9s);
}

TEST(dns_message, tells_how_long_there_is_nothing) {
  const auto reply = [](unsigned code, std::uint32_t ttl, std::uint32_t minimum) {
    return read(reply_to(asked_for("x.example", type_a),
                         {.code = code, .authorities = {resource("example", type_soa, ttl, soa_data(minimum))}}),
                type_a);
  };
  EXPECT_EQ(reply(nxdomain, 600, 60).error, dns_errc::no_such_name);
  EXPECT_EQ(reply(nxdomain, 600, 60).ttl, 60s);
  EXPECT_EQ(reply(nxdomain, 30, 60).ttl, 30s);
  EXPECT_EQ(reply(ok, 600, 60).error, dns_errc::no_data);
  EXPECT_EQ(answer("x.example", type_a, {}).ttl, std::nullopt);
}

TEST(dns_message, takes_a_time_that_would_be_negative_for_zero) {
  EXPECT_EQ(answer("x.example", type_a, {resource("x.example", type_a, 0x80000000U, {1, 2, 3, 4})}).ttl, 0s);
}

TEST(dns_message, writes_bytes_that_are_no_characters_as_numbers) {
  const auto message = answer("x.example", type_ptr, {resource("x.example", type_ptr, 1, std::string("\3a\n.\0", 5))});
  EXPECT_EQ(only<dns::ptr>(message).host, "a\\010\\.");
}

TEST(dns_message, with_a_record_of_the_wrong_size_is_malformed) {
  for (const auto& data : {std::string(3, 'x'), std::string(5, 'x'), std::string()})
    EXPECT_EQ(answer("x.example", type_a, {resource("x.example", type_a, 1, data)}).error, dns_errc::bad_response);
  EXPECT_EQ(answer("x.example", type_txt, {resource("x.example", type_txt, 1, "\5abc")}).error, dns_errc::bad_response);
}

TEST(dns_message, cut_off_anywhere_is_malformed) {
  const std::string whole =
      reply_to(asked_for("x.example", type_mx),
               {.answers = {resource("x.example", type_mx, 1, be16(1) + wire_name("m.example"))}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(read(whole.substr(0, size), type_mx).error, dns_errc::bad_response) << size;
  EXPECT_FALSE(read(whole, type_mx).error.has_value());
}

TEST(dns_message, of_any_bytes_is_an_answer_or_an_error) {
  std::mt19937 random(1);
  const std::string whole = reply_to(asked_for("x.example", type_soa),
                                     {.answers = {resource("x.example", type_cname, 1, wire_name("y.example")),
                                                  resource("y.example", type_soa, 1, soa_data(1))},
                                      .authorities = {resource("example", type_soa, 1, soa_data(1))}});
  for (int n = 0; n < 20'000; ++n) {
    std::string changed = whole;
    for (int k = 0; k < 3; ++k) changed[random() % changed.size()] = static_cast<char>(random());
    for (const unsigned type : {type_soa, type_txt, type_naptr, type_caa}) {
      const auto message = read(changed, type);
      EXPECT_EQ(message.error.has_value(), message.records.empty());
    }
  }
}

}  // namespace
