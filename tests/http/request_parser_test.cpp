#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/detail/message_parser.hpp>

#include "http/message_trace.hpp"

namespace {

using hocket::http::detail::bad_message;
using hocket::http::detail::parse_event;
using hocket::http::detail::request_parser;
using hocket::http::testing::cut;
using hocket::http::testing::trace;
using hocket::http::testing::trace_requests;

trace read(std::string_view bytes) { return trace_requests({bytes}); }

std::string failure(std::string_view bytes) { return read(bytes).failure; }

/// The status code with which a server answers a request that is refused; 0 if it is not.
int answer(std::string_view bytes) {
  request_parser parser;
  std::string_view body;
  try {
    while (parser.next(bytes, body) != parse_event::need_more) {
      if (bytes.empty()) break;
    }
    return 0;
  } catch (const bad_message& why) {
    return why.answer();
  }
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

/// A parser that has read the head of a request.
request_parser after_head(std::string_view bytes) {
  request_parser parser;
  std::string_view body;
  EXPECT_EQ(parser.next(bytes, body), parse_event::head);
  return parser;
}

TEST(request_parser, reports_method_target_and_fields) {
  EXPECT_EQ(read("GET /a/b?c=%20d HTTP/1.1\r\nHost: example.org:80\r\nAccept: */*\r\n\r\n").messages.at(0).head,
            "GET /a/b?c=%20d HTTP/1.1\nHost: example.org:80\nAccept: */*\n");
}

TEST(request_parser, shows_the_first_line_of_what_it_refuses_however_it_is_cut) {
  for (const auto& [bytes, line] :
       std::vector<std::pair<std::string, std::string>>{{"\r\nGET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1"},
                                                        {"GET /a HTTP/1.1\nHost: x\n\n", "GET /a HTTP/1.1"},
                                                        {"GET /a HTTP/1.1\r\nA b: c\r\n\r\n", "GET /a HTTP/1.1"}}) {
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
      request_parser parser;
      std::string_view body;
      const std::string all = bytes;
      try {
        for (std::string_view piece : {std::string_view(all).substr(0, at), std::string_view(all).substr(at)})
          static_cast<void>(parser.next(piece, body));
        ADD_FAILURE() << bytes;
      } catch (const bad_message&) {
        EXPECT_EQ(parser.start_line(), line) << at;
      }
    }
  }
}

TEST(request_parser, reads_bodies_by_length_and_by_chunks) {
  EXPECT_EQ(read(post("Content-Length: 5\r\n", "hello")).messages.at(0).body, "hello");
  EXPECT_EQ(read(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")).messages.at(0).body, "hello");
}

TEST(request_parser, reads_pipelined_requests) {
  const auto result = read(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "HEAD /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(result.failure, "");
  ASSERT_EQ(result.messages.size(), 3u);
  EXPECT_EQ(result.messages[1].body, "hi");
  EXPECT_EQ(result.messages[2].head, "HEAD /3 HTTP/1.1\nHost: x\n");
}

TEST(request_parser, passes_over_empty_lines_before_a_request) {
  const auto result = read("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n");
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.messages.size(), 2u);
}

TEST(request_parser, does_not_count_empty_lines_as_a_start) {
  request_parser parser;
  std::string_view input = "\r\n";
  std::string_view body;
  EXPECT_EQ(parser.next(input, body), parse_event::need_more);
  EXPECT_FALSE(parser.started());
}

TEST(request_parser, bounds_empty_lines_before_a_request) {
  std::string bytes;
  for (int n = 0; n < 40'000; ++n) bytes += "\r\n";
  EXPECT_EQ(failure(bytes), "bad request: head larger than 64 KiB");
}

TEST(request_parser, takes_an_eof_between_requests_for_an_orderly_end) {
  request_parser parser;
  EXPECT_NO_THROW(parser.finish_eof());
}

TEST(request_parser, reports_every_truncation_of_a_request) {
  for (const auto& bytes : {post("Content-Length: 5\r\n", "hello"),
                            post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX: y\r\n\r\n")}) {
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const auto reason = failure(std::string_view(bytes).substr(0, size));
      EXPECT_TRUE(reason.starts_with("bad request: connection closed")) << reason << " at " << size;
    }
  }
}

TEST(request_parser, says_whether_another_request_may_follow) {
  const auto keeps = [](std::string_view head) { return read(head).messages.at(0).keep_alive; };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: x\r\nConnection: CLOSE\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"));
}

TEST(request_parser, says_whether_the_client_waits_for_100_continue) {
  EXPECT_TRUE(after_head(post("Expect: 100-Continue\r\nContent-Length: 5\r\n", "")).expects_continue());
  EXPECT_FALSE(after_head(post("Expect: 100-continue\r\n", "")).expects_continue());
  EXPECT_FALSE(after_head(post("Content-Length: 5\r\n", "")).expects_continue());
  EXPECT_FALSE(after_head("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").expects_continue());
}

TEST(request_parser, says_whether_the_client_asks_for_another_protocol) {
  EXPECT_TRUE(after_head(post("Connection: Upgrade\r\nUpgrade: websocket\r\n", "")).wants_upgrade());
  EXPECT_FALSE(after_head(post("Upgrade: websocket\r\n", "")).wants_upgrade());
  EXPECT_FALSE(after_head("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").wants_upgrade());
  EXPECT_TRUE(after_head("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n").wants_upgrade());
}

TEST(request_parser, reads_on_after_an_upgrade_that_was_not_granted) {
  const auto result = read(post("Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "hi") +
                           post("Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") +
                           "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.messages.size(), 3u);
}

// Start line and Host

TEST(request_parser, takes_each_form_of_target_for_the_methods_that_have_it) {
  for (const std::string_view line :
       {"GET / HTTP/1.1", "GET /?a?b/c HTTP/1.1", "OPTIONS * HTTP/1.1", "GET http://example.org HTTP/1.1",
        "GET HTTPS://example.org/a?b HTTP/1.1", "CONNECT example.org:443 HTTP/1.1", "CONNECT [::1]:443 HTTP/1.1",
        "GET /a|b{c}^`\" HTTP/1.1"}) {
    EXPECT_EQ(failure(std::string(line) + "\r\nHost: x\r\n\r\n"), "") << line;
  }
}

TEST(request_parser, refuses_targets_of_another_form) {
  for (const std::string_view line :
       {"GET * HTTP/1.1", "OPTIONS */ HTTP/1.1", "GET example.org:443 HTTP/1.1", "GET ftp://example.org/ HTTP/1.1",
        "GET http:// HTTP/1.1", "GET http:///a HTTP/1.1", "GET http://a@b/ HTTP/1.1", "GET http://<a>/ HTTP/1.1",
        "CONNECT / HTTP/1.1", "CONNECT example.org HTTP/1.1", "CONNECT a@b:1 HTTP/1.1", "GET a HTTP/1.1",
        "GET ?a HTTP/1.1", "GET http:/a HTTP/1.1", "GET  HTTP/1.1"}) {
    EXPECT_EQ(answer(std::string(line) + "\r\nHost: x\r\n\r\n"), 400) << line;
  }
}

TEST(request_parser, refuses_characters_that_no_target_has) {
  for (const std::string_view target : {"/a b", "/a#b", "/\xc3\xa4", "/a\tb", "/a\x01", "/a\x7f", "/a\v", "/a\fb"}) {
    EXPECT_NE(failure("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n"), "") << target;
  }
}

TEST(request_parser, answers_501_to_an_unknown_method_and_400_to_noise) {
  EXPECT_EQ(answer("FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
  EXPECT_EQ(answer("GETX / HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
  EXPECT_EQ(answer("get / HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
  EXPECT_EQ(answer("\x16\x03\x01\x02"), 400);
  EXPECT_EQ(answer("G\tT / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
}

TEST(request_parser, answers_505_to_other_versions_of_http) {
  EXPECT_EQ(answer("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
  EXPECT_EQ(answer("GET / HTTP/0.9\r\n\r\n"), 505);
  EXPECT_EQ(answer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(request_parser, refuses_malformed_start_lines) {
  for (const std::string_view line :
       {"GET /", "GET / ", "GET / HTTP", "GET / HTTP/1.1 ", "GET / HTTP/1.1x", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1",
        " GET / HTTP/1.1", "GET / http/1.1", "GET / RTSP/1.0", "SOURCE / ICE/1.0", "DESCRIBE / RTSP/1.0",
        "GET / HTTP/1.10", "GET / HTTP/01.1", "GET / HTTP/1,1", "GET / HTTP/-1.1"}) {
    EXPECT_NE(answer(std::string(line) + "\r\nHost: x\r\n\r\n"), 0) << line;
  }
}

TEST(request_parser, wants_exactly_one_host_in_http_1_1) {
  EXPECT_EQ(failure("GET / HTTP/1.1\r\n\r\n"), "bad request: no Host");
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), "bad request: more than one Host");
}

TEST(request_parser, wants_at_most_one_host_in_http_1_0) {
  EXPECT_EQ(failure("GET / HTTP/1.0\r\n\r\n"), "");
  EXPECT_EQ(failure("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"), "bad request: more than one Host");
}

TEST(request_parser, takes_an_empty_host) { EXPECT_EQ(failure("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n"), ""); }

TEST(request_parser, refuses_malformed_hosts) {
  for (const std::string_view host :
       {"a b", "a/b", "a@b", "a?b", "a#b", "http://a", "a\tb", "\xc3\xa4", "a\\b", "<a>"}) {
    EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), "bad request: malformed Host")
        << host;
  }
}

// Smuggling: where two parties could disagree on what ends the body, the request is refused.

TEST(request_parser, refuses_length_with_chunks) {
  const std::string reason = "bad request: both Transfer-Encoding and Content-Length";
  EXPECT_EQ(failure(post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")), reason);
  EXPECT_EQ(failure(post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "8\r\nSMUGGLED\r\n0\r\n\r\n")), reason);
}

TEST(request_parser, refuses_transfer_encodings_that_another_may_not_see) {
  for (const std::string_view field : {"Transfer-Encoding: xchunked",
                                       "Transfer-Encoding : chunked",
                                       "Transfer-Encoding\t: chunked",
                                       "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                                       "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                                       "Transfer-Encoding:\vchunked",
                                       "Transfer-Encoding: \vchunked",
                                       "Transfer-Encoding: chunked\v",
                                       " Transfer-Encoding: chunked",
                                       "X: X\nTransfer-Encoding: chunked",
                                       "X: X\rTransfer-Encoding: chunked",
                                       "X: X\r\n Transfer-Encoding: chunked",
                                       "Transfer-Encoding\r\n: chunked",
                                       "Transfer-Encoding:\r\n chunked",
                                       "Transfer-Encoding: chunked, identity",
                                       "Transfer-Encoding: identity, chunked",
                                       "Transfer-Encoding: identity",
                                       "Transfer-Encoding: chunked, chunked",
                                       "Transfer-Encoding: \"chunked\"",
                                       "Transfer-Encoding: chunk",
                                       "Transfer-Encoding: chunked;q=0.5",
                                       "Transfer-Encoding: chunked\x85",
                                       "Transfer-Encoding: \xc2\xa0"
                                       "chunked",
                                       "\"Transfer-Encoding\": chunked",
                                       "Transfer-Encoding\xc2\xa0: chunked",
                                       "Transfer-Encoding: gzip, chunked",
                                       "Transfer-Encoding: c\xc4\xa5unked",
                                       "Transfer-Encoding:",
                                       "Transfer-Encoding: chunked\r\nContent-Length: 0"}) {
    EXPECT_NE(failure(post(std::string(field) + "\r\n", "0\r\n\r\n")), "") << field;
  }
}

TEST(request_parser, refuses_nul_in_a_transfer_encoding) {
  EXPECT_NE(failure(post(std::string("Transfer-Encoding: chunked\0\r\n", 29), "0\r\n\r\n")), "");
}

TEST(request_parser, takes_names_that_merely_look_like_framing_for_other_fields) {
  for (const std::string_view field : {"Transfer_Encoding: chunked", "Content_Length: 5", "Content-Length-X: 5",
                                       "X-Content-Length: 5", "Transfer-Encodin: chunked"}) {
    const auto result = read(post(std::string(field) + "\r\n", ""));
    EXPECT_EQ(result.failure, "") << field;
    EXPECT_EQ(result.messages.at(0).body, "") << field;
  }
}

TEST(request_parser, refuses_lengths_that_another_may_read_otherwise) {
  for (const std::string_view field : {"Content-Length: 5\r\nContent-Length: 6",
                                       "Content-Length: 5\r\nContent-Length: 05",
                                       "Content-Length: +5",
                                       "Content-Length: -5",
                                       "Content-Length: 5 5",
                                       "Content-Length:  5 5",
                                       "Content-Length: 5, 5",
                                       "Content-Length: 5,6",
                                       "Content-Length: 0x5",
                                       "Content-Length: 5.0",
                                       "Content-Length : 5",
                                       "Content-Length\t: 5",
                                       " Content-Length: 5",
                                       "Content-Length: \v5",
                                       "Content-Length: 5\v",
                                       "Content-Length:\r\n 5",
                                       "Content-Length: 5\r\n 6",
                                       "Content-Length:",
                                       "Content-Length: five",
                                       "X: y\nContent-Length: 5",
                                       "X: y\rContent-Length: 5",
                                       "Content-Length: 5\r",
                                       "Content-Length: 18446744073709551621",
                                       "Content-Length: 9223372036854775808",
                                       "Content-Length\xc2\xa0: 5"}) {
    EXPECT_NE(failure(post(std::string(field) + "\r\n", "hello")), "") << field;
  }
}

TEST(request_parser, refuses_chunks_in_http_1_0) {
  EXPECT_NE(failure("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "");
}

TEST(request_parser, refuses_connect_with_a_body) {
  EXPECT_NE(failure("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nContent-Length: 5\r\n\r\nhello"), "");
  EXPECT_NE(failure("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "");
}

TEST(request_parser, refuses_chunk_lines_that_another_may_read_otherwise) {
  for (const std::string_view chunks :
       {"5\r\nhelloX\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5;\nxx\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "-0\r\n\r\n", "0\r\n\n", "0\r\n\r\r\n",
        "0\r\n X: y\r\n\r\n"}) {
    EXPECT_NE(failure(post("Transfer-Encoding: chunked\r\n", chunks)), "") << chunks;
  }
}

TEST(request_parser, answers_what_fits_the_refusal) {
  EXPECT_EQ(answer("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')), 431);
  EXPECT_EQ(answer(post("Transfer-Encoding: gzip\r\n", "")), 501);
  EXPECT_EQ(answer(post("Content-Length: 9999999999999999999\r\n", "")), 413);
  EXPECT_EQ(answer(post("Content-Length: 5\r\nContent-Length: 6\r\n", "")), 400);
}

// Segmentation

TEST(request_parser, reads_the_same_however_the_bytes_are_cut) {
  const std::string bytes =
      "\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nX:\r\n\r\n" + post("Content-Length: 5\r\nY: \t z \r\n", "hello") +
      post("Transfer-Encoding: chunked\r\n", "5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n") +
      "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\ntunnel";
  const auto whole = read(bytes);
  EXPECT_EQ(whole.failure, "");
  EXPECT_EQ(whole.messages.size(), 4u);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(trace_requests(cut(bytes, size)), whole) << "pieces of " << size;
  }
}

TEST(request_parser, refuses_the_same_for_the_same_reason_however_the_bytes_are_cut) {
  for (const auto& bytes :
       {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", ""), post("X: y\n", "z"),
        post("X: y\r\n z\r\n", ""), post("X : y\r\n", ""), post("X: y\rz\r\n", ""),
        post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n5\nhello"), std::string("GET /\x01 HTTP/1.1\r\n\r\n"),
        std::string("GET / HTTP/1.1\nHost: x\r\nA B: c\r\n")}) {
    const auto whole = read(bytes);
    EXPECT_NE(whole.failure, "");
    for (std::size_t size = 1; size < bytes.size(); ++size) EXPECT_EQ(trace_requests(cut(bytes, size)), whole) << bytes;
  }
}

}  // namespace
