#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/redis/request.hpp>

using hocket::redis::request;
using namespace std::string_literals;

namespace {

std::string bytes_of(const request& what) {
  std::string bytes;
  what.append_to(bytes);
  return bytes;
}

}  // namespace

TEST(request, is_an_array_of_bulk_strings) {
  EXPECT_EQ(bytes_of(request("GET", "key")), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  EXPECT_EQ(bytes_of(request("PING")), "*1\r\n$4\r\nPING\r\n");
}

TEST(request, takes_any_bytes_as_one_argument) {
  EXPECT_EQ(bytes_of(request("ECHO", "a\r\n$0\0b"s)), "*2\r\n$4\r\nECHO\r\n$7\r\na\r\n$0\0b\r\n"s);
}

TEST(request, takes_numbers) {
  EXPECT_EQ(bytes_of(request("X", -12, 18446744073709551615ULL)),
            "*3\r\n$1\r\nX\r\n$3\r\n-12\r\n$20\r\n18446744073709551615\r\n");
  EXPECT_EQ(bytes_of(request("X", 0.1, -HUGE_VAL)), "*3\r\n$1\r\nX\r\n$3\r\n0.1\r\n$4\r\n-inf\r\n");
}

TEST(request, takes_pairs_and_ranges_as_so_many_arguments) {
  const std::map<std::string, int> fields{{"a", 1}, {"b", 2}};
  const std::vector<std::string> names{"x"};
  const request made("HSET", "key", fields, std::pair("c", 3), names);
  EXPECT_EQ(made.words(), 9U);
  EXPECT_EQ(bytes_of(made), bytes_of(request("HSET", "key", "a", 1, "b", 2, "c", 3, "x")));
}

TEST(request, takes_further_arguments) {
  request made("SET", "key");
  made.add("value").add("EX", 5);
  EXPECT_EQ(bytes_of(made), bytes_of(request("SET", "key", "value", "EX", 5)));
}
