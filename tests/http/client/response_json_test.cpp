#include <string>
#include <vector>

#include <http/client/client_peer.hpp>

#include <hocket/http/json.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::json_options;
using hocket::http::read_json;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering;
using hocket::testing::failure_of;
using hocket::testing::response_text;
using hocket::testing::scripted_server;

namespace {

struct city {
  std::string name;
  int inhabitants = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(city, name, inhabitants)
};

scripted_server::script answering_with(std::string body, std::string fields) {
  return answering([body = std::move(body), fields = std::move(fields)](const std::string&) {
    return response_text(200, body, fields);
  });
}

/// What is read of such an answer, written again.
template <class Value = nlohmann::json>
coro<std::string> read(std::string body, std::string type = "application/json", json_options how = {}) {
  const std::string field = type.empty() ? "" : fmt::format("Content-Type: {}\r\n", type);
  scripted_server server(answering_with(std::move(body), field));
  session web;
  response answer = co_await web.get(server.url());
  const nlohmann::json value = co_await read_json<Value>(answer, how);
  co_return value.dump();
}

template <class Value = nlohmann::json>
coro<std::string> failure_to_read(std::string body, std::string type = "application/json", json_options how = {}) {
  co_return co_await failure_of(read<Value>(std::move(body), std::move(type), how));
}

HOCKET_TEST(response_json, is_read_as_what_it_is_or_into_a_value_of_ones_own) {
  EXPECT_EQ(co_await read(R"( {"name": "Ulm", "more": [1, null]} )"), R"({"more":[1,null],"name":"Ulm"})");
  EXPECT_EQ(co_await read<city>(R"({"name": "Ulm", "inhabitants": 126000, "more": 1})"),
            R"({"inhabitants":126000,"name":"Ulm"})");
  EXPECT_EQ(co_await read<std::vector<int>>("[1,2]"), "[1,2]");
}

HOCKET_TEST(response_json, is_taken_under_its_types_only) {
  for (const char* type : {"application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"})
    EXPECT_EQ(co_await read("[]", type), "[]") << type;
  for (const char* type : {"text/html", "text/x+json", "application/jsonp"})
    EXPECT_EQ(co_await failure_to_read("[]", type),
              fmt::format("http::content_type_error: the answer is not JSON: its Content-Type is '{}'", type));
  EXPECT_EQ(co_await failure_to_read("[]", ""),
            "http::content_type_error: the answer does not say that it is JSON: it has no Content-Type");
}

HOCKET_TEST(response_json, of_any_type_is_taken_if_that_is_wanted) {
  EXPECT_EQ(co_await read("[]", "text/html", {.any_type = true}), "[]");
  EXPECT_EQ(co_await read("[]", "", {.any_type = true}), "[]");
}

HOCKET_TEST(response_json, is_read_in_the_charset_that_it_says) {
  EXPECT_EQ(co_await read("[\"\xe4\"]", "application/json; charset=iso-8859-1"), R"(["ä"])");
  EXPECT_EQ(co_await read("\xef\xbb\xbf[1]"), "[1]");
  const std::string failure = co_await failure_to_read("[\"\xe4\"]");
  EXPECT_TRUE(failure.starts_with("http::text_decoding_error: ")) << failure;
}

HOCKET_TEST(response_json, that_is_none_is_an_error_that_says_where) {
  EXPECT_EQ(co_await failure_to_read("[1,]"), "http::json_error: the JSON is malformed at byte 4");
  EXPECT_EQ(co_await failure_to_read(""), "http::json_error: the JSON is malformed at byte 1");
  EXPECT_EQ(co_await failure_to_read("1e999"), "http::json_error: the JSON has a number that is too large");
  EXPECT_EQ(co_await failure_to_read<city>(R"({"name": "Ulm"})"),
            "http::json_error: the JSON is not what was expected: key 'inhabitants' not found");
}

HOCKET_TEST(response_json, keeps_to_its_limits) {
  EXPECT_EQ(co_await read("[1,2]", "application/json", {.size_bytes = 5, .depth = 1}), "[1,2]");
  EXPECT_EQ(co_await failure_to_read("[1,2 ]", "application/json", {.size_bytes = 5}),
            "http::body_too_large: the body is larger than 5 bytes");
  EXPECT_EQ(co_await failure_to_read(std::string(1'000'000, '[')), "http::json_error: the JSON is deeper than 64");
}

}  // namespace
