#include <string>

#include <http/server/answers.hpp>

#include <hocket/http/json.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::json_options;
using hocket::http::json_reply;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

/// Gives back the JSON that it gets: "200 text".
coro<std::string> echoed(std::string body, std::string type = "application/json", json_options how = {}) {
  running_server server([how](request& asked) -> coro<reply> { co_return json_reply(co_await read_json(asked, how)); });
  const std::string fields = fmt::format("Content-Type: {}\r\n", type);
  const std::string answer = co_await answer_to(server.address(), request_of("POST", "/", fields, body));
  co_await server.stop();
  co_return fmt::format("{} {}", statuses(answer), body_of(answer));
}

HOCKET_TEST(json, comes_and_goes) {
  EXPECT_EQ(co_await echoed(R"( {"b": [1, -2.5, true, null], "a": "ä\u00e4\n"} )"),
            "200 {\"a\":\"ää\\n\",\"b\":[1,-2.5,true,null]}");
  EXPECT_EQ(co_await echoed("7"), "200 7");
  EXPECT_EQ(co_await echoed(R"({"a":1,"a":2})"), "200 {\"a\":2}");
}

HOCKET_TEST(json, is_taken_under_its_types_only) {
  for (const char* type : {"application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"})
    EXPECT_EQ(co_await echoed("[]", type), "200 []") << type;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "json", "application/jsonp"})
    EXPECT_EQ(co_await echoed("[]", type), "415 this takes JSON\n") << type;
  EXPECT_TRUE((co_await echoed("[]", "application/json\r\nContent-Encoding: gzip")).starts_with("415 "));
}

HOCKET_TEST(json, that_is_malformed_is_refused) {
  for (const char* body : {"", "[", "[1,]", "{\"a\"}", "{a:1}", "'a'", "[] []", "nul", "\"\xff\"", "\"\xed\xa0\x80\"",
                           "01", "\"\n\"", "NaN", "// a\n1", "]", "}}", "\"\\", "[\"\\\"]"})
    EXPECT_TRUE((co_await echoed(body)).starts_with("400 the JSON is malformed at byte ")) << body;
  EXPECT_EQ(co_await echoed("1e999"), "400 the JSON has a number that is too large\n");
}

HOCKET_TEST(json, that_is_too_deep_is_refused) {
  EXPECT_EQ(co_await echoed("[[{\"a\":[1]}],[]]", "application/json", {.depth = 4}), "200 [[{\"a\":[1]}],[]]");
  EXPECT_EQ(co_await echoed("[[{\"a\":[[1]]}]]", "application/json", {.depth = 4}), "400 the JSON is deeper than 4\n");
  EXPECT_EQ(co_await echoed(R"(["[[[[", "\"[[[[", "\\"])", "application/json", {.depth = 1}),
            R"(200 ["[[[[","\"[[[[","\\"])");
  EXPECT_TRUE((co_await echoed(std::string(1'000'000, '['))).starts_with("400 the JSON is deeper than 64"));
}

HOCKET_TEST(json, that_is_too_large_is_refused) {
  EXPECT_EQ(co_await echoed("[1,2]", "application/json", {.size_bytes = 5}), "200 [1,2]");
  EXPECT_TRUE((co_await echoed("[1,2 ]", "application/json", {.size_bytes = 5})).starts_with("413 "));
}

/// What goes to and fro in JSON.
struct point {
  int x = 0;
  std::vector<std::string> names{};
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(point, x, names)
};

HOCKET_TEST(json, becomes_the_value_that_is_asked_for) {
  running_server server([](request& asked) -> coro<reply> {
    point sent = co_await read_json<point>(asked);
    sent.x *= 2;
    co_return json_reply(sent);
  });
  const auto answer_for = [&](std::string body) -> coro<std::string> {
    const std::string request = request_of("POST", "/", "Content-Type: application/json\r\n", body);
    const std::string answer = co_await answer_to(server.address(), request);
    co_return fmt::format("{} {}", statuses(answer), body_of(answer));
  };
  EXPECT_EQ(co_await answer_for(R"({"x": 2, "names": ["a"]})"), "200 {\"names\":[\"a\"],\"x\":4}");
  EXPECT_EQ(co_await answer_for(R"({"x": 2})"), "400 the JSON is not what this takes: key 'names' not found\n");
  EXPECT_EQ(co_await answer_for(R"({"x": "2", "names": []})"),
            "400 the JSON is not what this takes: type must be number, but is string\n");
  EXPECT_EQ(co_await answer_for("[]"), "400 the JSON is not what this takes: cannot use at() with array\n");
  co_await server.stop();
}

HOCKET_TEST(json, of_any_type_is_taken_if_that_is_wanted) {
  EXPECT_EQ(co_await echoed("[]", "text/plain", {.any_type = true}), "200 []");
}

TEST(json, replies_are_utf_8_whatever_they_are_made_of) {
  EXPECT_EQ(json_reply("a\xff").body.in_memory(), "\"a\uFFFD\"");
  EXPECT_EQ(json_reply({{"a", 1}}, 201).status, 201);
  EXPECT_EQ(json_reply({{"a", 1}}).headers.get("Content-Type"), "application/json");
}

}  // namespace
