#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/redis/detail/reply_parser.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/stream_entry.hpp>

using hocket::redis::conversion_error;
using hocket::redis::reply;
using hocket::redis::response_error;
using hocket::redis::stream_entry;

namespace {

reply parsed(std::string_view bytes) {
  hocket::redis::detail::reply_parser parser;
  return parser.next(bytes).value();
}

template <class T>
std::string refusal(std::string_view bytes) {
  try {
    static_cast<void>(parsed(bytes).as<T>());
    return "none";
  } catch (const conversion_error& problem) {
    return problem.what();
  }
}

}  // namespace

TEST(reply, becomes_an_integer_if_it_is_one_or_text_of_one) {
  EXPECT_EQ(parsed(":-5\r\n").as<int>(), -5);
  EXPECT_EQ(parsed("$2\r\n42\r\n").as<std::uint8_t>(), 42);
  EXPECT_EQ(refusal<std::int8_t>(":200\r\n"),
            "the reply 200 does not fit the type of integer that it was asked for as");
  EXPECT_EQ(refusal<unsigned>(":-1\r\n"), "the reply -1 does not fit the type of integer that it was asked for as");
  EXPECT_EQ(refusal<int>("$2\r\n4x\r\n"), "the reply is a bulk string, and was asked for as an integer");
}

TEST(reply, becomes_a_boolean_if_it_says_yes_or_no) {
  EXPECT_TRUE(parsed("#t\r\n").as<bool>());
  EXPECT_TRUE(parsed("+OK\r\n").as<bool>());
  EXPECT_FALSE(parsed("_\r\n").as<bool>());
  EXPECT_FALSE(parsed(":0\r\n").as<bool>());
  EXPECT_EQ(refusal<bool>(":2\r\n"), "the reply is an integer, and was asked for as a boolean");
}

TEST(reply, becomes_a_double_of_either_protocol) {
  EXPECT_EQ(parsed(",1.5\r\n").as<double>(), 1.5);
  EXPECT_EQ(parsed("$3\r\n1.5\r\n").as<double>(), 1.5);
  EXPECT_EQ(parsed(":2\r\n").as<float>(), 2.0F);
}

TEST(reply, becomes_text) {
  EXPECT_EQ(parsed("$3\r\nabc\r\n").as<std::string>(), "abc");
  EXPECT_EQ(parsed("=7\r\ntxt:abc\r\n").as<std::string>(), "abc");
  EXPECT_EQ(parsed(":7\r\n").as<std::string>(), "7");
  EXPECT_EQ(refusal<std::string>("_\r\n"), "the reply is nil, and was asked for as a string");
}

TEST(reply, becomes_nothing_or_a_value) {
  EXPECT_EQ(parsed("_\r\n").as<std::optional<int>>(), std::nullopt);
  EXPECT_EQ(parsed(":1\r\n").as<std::optional<int>>(), 1);
}

TEST(reply, becomes_a_list) {
  EXPECT_EQ(parsed("*2\r\n:1\r\n:2\r\n").as<std::vector<int>>(), (std::vector{1, 2}));
  EXPECT_EQ(parsed("~2\r\n+a\r\n+b\r\n").as<std::set<std::string>>(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(parsed("_\r\n").as<std::vector<int>>(), std::vector<int>());
  EXPECT_EQ(refusal<std::vector<int>>("%1\r\n:1\r\n:2\r\n"), "the reply is a map, and was asked for as an array");
}

TEST(reply, becomes_a_map_of_either_protocol) {
  const std::map<std::string, int> wanted{{"a", 1}, {"b", 2}};
  EXPECT_EQ((parsed("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n").as<std::map<std::string, int>>()), wanted);
  EXPECT_EQ((parsed("*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n").as<std::map<std::string, int>>()), wanted);
  EXPECT_EQ((parsed("*2\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n").as<std::map<std::string, int>>()), wanted);
  using pairs = std::vector<std::pair<std::string, int>>;
  EXPECT_EQ((parsed("*4\r\n+b\r\n:2\r\n+a\r\n:1\r\n").as<pairs>()), (pairs{{"b", 2}, {"a", 1}}));
  EXPECT_EQ((refusal<std::map<std::string, int>>("*3\r\n+a\r\n:1\r\n+b\r\n")),
            "the reply has 3 items, and was asked for as 4");
}

TEST(reply, becomes_a_tuple_of_so_many) {
  EXPECT_EQ((parsed("*2\r\n+a\r\n:1\r\n").as<std::pair<std::string, int>>()), std::pair(std::string("a"), 1));
  EXPECT_EQ((parsed("*3\r\n+a\r\n:1\r\n_\r\n").as<std::tuple<std::string, int, std::optional<int>>>()),
            std::tuple(std::string("a"), 1, std::optional<int>()));
  EXPECT_EQ((refusal<std::pair<int, int>>("*3\r\n:1\r\n:1\r\n:1\r\n")),
            "the reply has 3 items, and was asked for as 2");
}

TEST(reply, becomes_entries_of_a_stream) {
  const auto entries = parsed("*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n+a\r\n+1\r\n").as<std::vector<stream_entry>>();
  EXPECT_EQ(entries, (std::vector<stream_entry>{{.id = "1-0", .fields = {{"a", "1"}}}}));
  EXPECT_TRUE(parsed("*2\r\n$3\r\n1-0\r\n_\r\n").as<stream_entry>().fields.empty());
}

TEST(reply, throws_the_servers_error_whatever_it_is_asked_for_as) {
  const reply refused = parsed("-WRONGTYPE not a list\r\n");
  EXPECT_EQ(refused.code(), "WRONGTYPE");
  EXPECT_THROW(static_cast<void>(refused.as<int>()), response_error);
  EXPECT_THROW(static_cast<void>(refused.as<std::string>()), response_error);
  EXPECT_THROW(static_cast<void>(refused.as<std::optional<std::string>>()), response_error);
  EXPECT_THROW((static_cast<void>(refused.as<std::map<int, int>>())), response_error);
  EXPECT_THROW(refused.as<void>(), response_error);
  try {
    refused.raise_for_error();
  } catch (const response_error& problem) {
    EXPECT_EQ(problem.code(), "WRONGTYPE");
    EXPECT_STREQ(problem.what(), "WRONGTYPE not a list");
  }
}
