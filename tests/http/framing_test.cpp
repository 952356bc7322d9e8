#include <string>

#include <gtest/gtest.h>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/framing.hpp>

namespace {

using hocket::http::headers;
using hocket::http::detail::bad_message;
using hocket::http::detail::body_end;
using hocket::http::detail::request_framing;
using hocket::http::detail::response_framing;

template <class Action>
bool is_refused(Action action) {
  try {
    action();
    return false;
  } catch (const bad_message&) {
    return true;
  }
}

bool refuses_request(const headers& fields, int http_minor = 1) {
  return is_refused([&] { (void)request_framing(fields, http_minor); });
}

bool refuses_response(const headers& fields) {
  return is_refused([&] { (void)response_framing(fields, 200, "GET"); });
}

TEST(http_framing, a_response_without_a_hint_lasts_until_close) {
  EXPECT_EQ(response_framing({}, 200, "GET").end, body_end::close);
}

TEST(http_framing, a_request_without_a_hint_has_no_body) { EXPECT_EQ(request_framing({}, 1).end, body_end::no_body); }

TEST(http_framing, some_responses_have_no_body_whatever_their_fields_say) {
  const headers fields{{"Content-Length", "5"}};
  EXPECT_EQ(response_framing(fields, 304, "GET").end, body_end::no_body);
  EXPECT_EQ(response_framing(fields, 200, "HEAD").end, body_end::no_body);
  EXPECT_EQ(response_framing(fields, 200, "CONNECT").end, body_end::no_body);
  EXPECT_EQ(response_framing({}, 101, "GET").end, body_end::no_body);
  EXPECT_EQ(response_framing({}, 204, "GET").end, body_end::no_body);
  EXPECT_EQ(response_framing({{"Content-Length", "0"}}, 204, "GET").end, body_end::no_body);
}

TEST(http_framing, a_response_that_never_has_a_body_says_nothing_of_one) {
  for (const int status : {100, 101, 103, 199, 204}) {
    EXPECT_TRUE(is_refused([&] { (void)response_framing({{"Content-Length", "1"}}, status, "GET"); })) << status;
    EXPECT_EQ(is_refused([&] { (void)response_framing({{"Content-Length", "0"}}, status, "GET"); }), status != 204)
        << status;
    EXPECT_TRUE(is_refused([&] { (void)response_framing({{"Transfer-Encoding", "chunked"}}, status, "HEAD"); }))
        << status;
  }
}

TEST(http_framing, a_refused_connect_has_a_body) {
  EXPECT_EQ(response_framing({{"Content-Length", "5"}}, 403, "CONNECT").end, body_end::length);
}

TEST(http_framing, a_length_is_reported_even_where_there_is_no_body) {
  EXPECT_EQ(response_framing({{"Content-Length", "5"}}, 200, "HEAD").content_length, 5u);
}

TEST(http_framing, a_length_may_be_as_large_as_a_signed_number_of_64_bits) {
  EXPECT_EQ(request_framing({{"Content-Length", "9223372036854775807"}}, 1).content_length, 9223372036854775807u);
  EXPECT_TRUE(refuses_request({{"Content-Length", "9223372036854775808"}}));
  EXPECT_TRUE(refuses_request({{"Content-Length", "18446744073709551617"}}));
}

TEST(http_framing, a_length_is_digits_and_nothing_else) {
  for (const std::string value : {"", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5.0", "5a", "five", "\xd9\xa5"}) {
    EXPECT_TRUE(refuses_request({{"Content-Length", value}})) << value;
    EXPECT_TRUE(refuses_response({{"Content-Length", value}})) << value;
  }
}

TEST(http_framing, a_length_is_never_repeated) {
  EXPECT_TRUE(refuses_request({{"Content-Length", "5"}, {"content-length", "5"}}));
  EXPECT_TRUE(refuses_response({{"Content-Length", "5"}, {"content-length", "5"}}));
  EXPECT_TRUE(refuses_request({{"Content-Length", "5"}, {"Content-Length", "6"}}));
  EXPECT_TRUE(refuses_request({{"Content-Length", "5"}, {"Content-Length", "05"}}));
}

TEST(http_framing, chunked_is_the_only_transfer_coding) {
  EXPECT_EQ(request_framing({{"Transfer-Encoding", "Chunked"}}, 1).end, body_end::last_chunk);
  for (const std::string value :
       {"", "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked",
        "chunked;q=1", "xchunked", "\"chunked\"", "chunked identity"}) {
    EXPECT_TRUE(refuses_request({{"Transfer-Encoding", value}})) << value;
    EXPECT_TRUE(refuses_response({{"Transfer-Encoding", value}})) << value;
  }
}

TEST(http_framing, chunked_is_said_once) {
  EXPECT_TRUE(refuses_request({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}));
  EXPECT_TRUE(refuses_request({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}}));
  EXPECT_TRUE(refuses_request({{"Transfer-Encoding", "identity"}, {"Transfer-Encoding", "chunked"}}));
}

TEST(http_framing, length_and_chunks_exclude_each_other) {
  const headers fields{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}};
  EXPECT_TRUE(refuses_request(fields));
  EXPECT_TRUE(refuses_response(fields));
}

TEST(http_framing, a_request_in_http_1_0_cannot_be_chunked) {
  EXPECT_TRUE(refuses_request({{"Transfer-Encoding", "chunked"}}, 0));
}

}  // namespace
