#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/redis/detail/reply_parser.hpp>

using hocket::protocol_error;
using hocket::redis::reply;
using hocket::redis::reply_kind;
using hocket::redis::reply_limits;
using hocket::redis::detail::reply_parser;
using namespace std::string_literals;

namespace {

reply parsed(std::string_view bytes, const reply_limits& limits = {}) {
  reply_parser parser(limits);
  auto found = parser.next(bytes);
  if (!found) throw std::runtime_error("no whole reply");
  EXPECT_EQ(bytes, "") << "left over";
  EXPECT_FALSE(parser.is_amid_reply());
  return std::move(*found);
}

std::string refusal(std::string_view bytes, const reply_limits& limits = {}) {
  try {
    reply_parser parser(limits);
    while (parser.next(bytes)) {
    }
    return parser.is_amid_reply() ? "more is to come" : "all was taken";
  } catch (const protocol_error& problem) {
    return problem.what();
  }
}

std::string no_reply(std::string_view why) {
  return "the server has sent what is no reply of Redis: " + std::string(why);
}

}  // namespace

TEST(reply_parser, reads_each_type_of_resp3) {
  EXPECT_EQ(parsed("_\r\n"), reply());
  EXPECT_EQ(parsed("#t\r\n"), reply(true));
  EXPECT_EQ(parsed(":-12\r\n"), reply(std::int64_t{-12}));
  EXPECT_EQ(parsed(":+12\r\n"), reply(std::int64_t{12}));
  EXPECT_EQ(parsed(",1.5e-3\r\n"), reply(0.0015));
  EXPECT_EQ(parsed(",-inf\r\n"), reply(-HUGE_VAL));
  EXPECT_TRUE(std::isnan(parsed(",nan\r\n").real()));
  EXPECT_EQ(parsed("(-3492890328409238509324850943850943825024385\r\n"),
            reply(reply_kind::big_number, "-3492890328409238509324850943850943825024385"));
  EXPECT_EQ(parsed("+OK\r\n"), reply(reply_kind::simple_string, "OK"));
  EXPECT_EQ(parsed("-ERR no\r\n"), reply(reply_kind::error, "ERR no"));
  EXPECT_EQ(parsed("!7\r\nERR a\rb\r\n").text(), "ERR a\rb");
  EXPECT_EQ(parsed("$5\r\na\r\nbc\r\n"), reply(reply_kind::bulk_string, "a\r\nbc"));
  EXPECT_EQ(parsed("$0\r\n\r\n"), reply(reply_kind::bulk_string, ""));
  const reply text = parsed("=8\r\nmkd:*hi*\r\n");
  EXPECT_EQ(text.kind(), reply_kind::verbatim_string);
  EXPECT_EQ(text.format(), "mkd");
  EXPECT_EQ(text.text(), "*hi*");
  EXPECT_EQ(parsed("*2\r\n:1\r\n*0\r\n"),
            reply(reply_kind::array, {reply(std::int64_t{1}), reply(reply_kind::array, reply::items_type{})}));
  EXPECT_EQ(parsed("~1\r\n:1\r\n").kind(), reply_kind::set);
  EXPECT_EQ(parsed("%1\r\n+a\r\n:1\r\n").items().size(), 2U);
  EXPECT_EQ(parsed(">1\r\n+invalidate\r\n").kind(), reply_kind::push);
}

TEST(reply_parser, reads_the_two_nils_of_resp2) {
  EXPECT_TRUE(parsed("$-1\r\n").is_nil());
  EXPECT_TRUE(parsed("*-1\r\n").is_nil());
}

TEST(reply_parser, keeps_what_is_said_beside_a_reply_with_that_reply) {
  const reply whole = parsed("|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+hits\r\n:7\r\n$1\r\na\r\n$1\r\nb\r\n");
  ASSERT_EQ(whole.items().size(), 2U);
  EXPECT_EQ(whole.attributes().at(0).text(), "ttl");
  EXPECT_EQ(whole.items()[0].attributes().at(1).integer(), 7);
  EXPECT_TRUE(whole.items()[1].attributes().empty());
}

TEST(reply_parser, takes_one_reply_at_a_time) {
  reply_parser parser;
  std::string_view bytes = "+a\r\n+b\r\n+c";
  EXPECT_EQ(parser.next(bytes)->text(), "a");
  EXPECT_EQ(parser.next(bytes)->text(), "b");
  EXPECT_FALSE(parser.next(bytes));
  EXPECT_TRUE(parser.is_amid_reply());
  bytes = "\r\n";
  EXPECT_EQ(parser.next(bytes)->text(), "c");
}

TEST(reply_parser, reads_the_same_however_the_bytes_are_cut) {
  const std::string bytes =
      "%2\r\n+first\r\n*3\r\n:1\r\n$6\r\nab\r\ncd\r\n_\r\n$5\r\nother\r\n|1\r\n+k\r\n#t\r\n~1\r\n,2.5\r\n"s;
  const reply whole = parsed(bytes);
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    reply_parser parser;
    std::optional<reply> found;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      std::string_view piece = std::string_view(bytes).substr(at, step);
      if (auto next = parser.next(piece)) found = std::move(next);
    }
    EXPECT_EQ(found, whole) << "cut every " << step;
  }
}

TEST(reply_parser, refuses_what_is_no_reply) {
  EXPECT_EQ(refusal("HTTP/1.1 400\r\n"), no_reply("a type that there is not"));
  EXPECT_EQ(refusal("+a\n"), no_reply("a line that ends without CR"));
  EXPECT_EQ(refusal("+a\rb\r\n"), no_reply("CR in a line"));
  EXPECT_EQ(refusal(":\r\n"), no_reply("an integer that is none"));
  EXPECT_EQ(refusal(":1 \r\n"), no_reply("an integer that is none"));
  EXPECT_EQ(refusal(":+-1\r\n"), no_reply("an integer that is none"));
  EXPECT_EQ(refusal(":9223372036854775808\r\n"), no_reply("an integer that is none"));
  EXPECT_EQ(refusal("_x\r\n"), no_reply("a nil that has a value"));
  EXPECT_EQ(refusal("#1\r\n"), no_reply("a boolean that is none"));
  EXPECT_EQ(refusal(",0x1p3\r\n"), no_reply("a double that is none"));
  EXPECT_EQ(refusal(",\r\n"), no_reply("a double that is none"));
  EXPECT_EQ(refusal("(12a\r\n"), no_reply("a big number that is none"));
  EXPECT_EQ(refusal("$-2\r\n"), no_reply("a length that is none"));
  EXPECT_EQ(refusal("%-1\r\n"), no_reply("a length that is none"));
  EXPECT_EQ(refusal("$?\r\n"), no_reply("a length that is none"));
  EXPECT_EQ(refusal("$18446744073709551616\r\n"), no_reply("a length that is none"));
  EXPECT_EQ(refusal("$1\r\nabc"), no_reply("a string that ends behind its length"));
  EXPECT_EQ(refusal("=3\r\ntxt\r\n"), no_reply("a verbatim string without a format"));
  EXPECT_EQ(refusal("*1\r\n>1\r\n"), no_reply("a push within a reply"));
  EXPECT_EQ(refusal(">0\r\n"), no_reply("a push of nothing"));
  EXPECT_EQ(refusal("+" + std::string(70'000, 'a')), no_reply("a line longer than 64 KiB"));
}

TEST(reply_parser, bounds_depth_strings_items_and_memory) {
  EXPECT_EQ(refusal("*1\r\n*1\r\n*1\r\n", {.max_depth = 2}), "the server's reply is nested deeper than allowed");
  EXPECT_EQ(refusal("$5\r\n", {.max_string_bytes = 4}), "the server's reply has a string longer than allowed");
  EXPECT_EQ(refusal("*3\r\n", {.max_items = 2}), "the server's reply has more items than allowed");
  EXPECT_EQ(refusal("%2\r\n", {.max_items = 3}), "the server's reply has more items than allowed");
  EXPECT_EQ(refusal("%9223372036854775808\r\n"), "the server's reply has more items than allowed");
  EXPECT_EQ(refusal("*3\r\n_\r\n_\r\n_\r\n", {.max_reply_bytes = 3 * sizeof(reply)}),
            "the server's reply is larger than allowed");
  EXPECT_EQ(refusal("$100\r\n", {.max_reply_bytes = 99}), "the server's reply is larger than allowed");
}

TEST(reply_parser, counts_each_reply_anew) {
  const reply_limits limits{.max_reply_bytes = 2 * sizeof(reply)};
  EXPECT_EQ(refusal("*1\r\n_\r\n*1\r\n_\r\n*1\r\n_\r\n", limits), "all was taken");
}
