#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <hocket/http/detail/message_parser.hpp>

#include "http/message_trace.hpp"

namespace {

using hocket::http::detail::parse_event;
using hocket::http::detail::parser_limits;
using hocket::http::detail::response_parser;
using hocket::http::testing::cut;
using hocket::http::testing::trace;
using hocket::http::testing::trace_responses;

trace read(std::string_view bytes, std::string_view request_method = "GET", parser_limits limits = {}) {
  return trace_responses({bytes}, request_method, limits);
}

std::string failure(std::string_view bytes, parser_limits limits = {}) { return read(bytes, "GET", limits).failure; }

std::string body_of(std::string_view bytes) {
  const auto result = read(bytes);
  EXPECT_EQ(result.failure, "");
  return result.messages.empty() ? "no message" : result.messages.front().body;
}

std::string with_field(std::string_view line) {
  return "HTTP/1.1 200 OK\r\n" + std::string(line) + "\r\nContent-Length: 0\r\n\r\n";
}

std::string chunked(std::string_view chunks) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

TEST(response_parser, reports_status_reason_and_fields) {
  const auto result = read("HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 404 Not Found\nServer: x\nContent-Length: 0\n");
}

TEST(response_parser, trims_values_and_keeps_what_is_inside) {
  const auto result = read(with_field("X: \t a \t b \t "));
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 200 OK\nX: a \t b\nContent-Length: 0\n");
}

TEST(response_parser, takes_empty_values) {
  const auto result = read(with_field("X:\r\nY: "));
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 200 OK\nX: \nY: \nContent-Length: 0\n");
}

TEST(response_parser, takes_bytes_beyond_ascii_in_values_and_reasons) {
  const auto result = read("HTTP/1.1 200 d\xe9j\xe0\r\nX: \xff\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 200 d\xe9j\xe0\nX: \xff\nContent-Length: 0\n");
}

TEST(response_parser, takes_a_status_line_without_a_reason) {
  EXPECT_EQ(read("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").messages.at(0).head,
            "HTTP/1.1 200 \nContent-Length: 0\n");
  EXPECT_EQ(read("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").messages.at(0).head,
            "HTTP/1.1 200 \nContent-Length: 0\n");
}

TEST(response_parser, takes_status_codes_that_nobody_registered) {
  EXPECT_EQ(read("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n").messages.at(0).head,
            "HTTP/1.1 999 No\nContent-Length: 0\n");
}

TEST(response_parser, ends_a_body_at_its_length) {
  const auto result = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhelloworld");
  EXPECT_EQ(result.messages.at(0).body, "hello");
  EXPECT_EQ(result.rest, "world");
}

TEST(response_parser, ends_a_body_without_length_at_eof) {
  const auto result = read("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(result.messages.at(0).body, "hello");
  EXPECT_TRUE(result.messages.at(0).ended);
  EXPECT_FALSE(result.messages.at(0).keep_alive);
}

TEST(response_parser, points_into_the_input_for_the_body) {
  response_parser parser;
  parser.begin("GET");
  std::string_view input = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const auto hello = input.substr(input.find("hello"), 5);
  std::string_view body;
  ASSERT_EQ(parser.next(input, body), parse_event::head);
  ASSERT_EQ(parser.next(input, body), parse_event::body);
  EXPECT_EQ(body.data(), hello.data());
}

TEST(response_parser, decodes_chunks) {
  EXPECT_EQ(body_of(chunked("5\r\nhello\r\n00A\r\n, you the1\r\n0\r\n\r\n")), "hello, you the1");
}

TEST(response_parser, passes_over_chunk_extensions) {
  EXPECT_EQ(body_of(chunked("5;a;b=\"c;d\";e=f\r\nhello\r\n0;last\r\n\r\n")), "hello");
}

TEST(response_parser, takes_nothing_of_trailers_for_the_head) {
  const auto result =
      read(chunked("2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 77\r\nTransfer-Encoding: gzip\r\n\r\nHTTP/1.1"));
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n");
  EXPECT_TRUE(result.messages.at(0).ended);
}

TEST(response_parser, gives_head_responses_no_body) {
  const auto result = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "HEAD");
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.messages.size(), 2u);
}

TEST(response_parser, gives_204_and_304_no_body) {
  for (const std::string head : {"HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n"}) {
    const auto result = read(head + "HTTP/1.1 204 x\r\n\r\n");
    EXPECT_EQ(result.messages.size(), 2u) << head;
    EXPECT_EQ(result.messages.at(0).body, "") << head;
  }
}

TEST(response_parser, refuses_a_framing_where_there_is_never_a_body) {
  for (const std::string status : {"100", "101", "103", "204"}) {
    for (const std::string length : {"0", "5", "x"})
      EXPECT_EQ(failure("HTTP/1.1 " + status + " x\r\nContent-Length: " + length + "\r\n\r\n"),
                length == "x"                      ? "bad response: malformed Content-Length"
                : status == "204" && length == "0" ? ""
                                                   : "bad response: Content-Length in an answer that has no body")
          << status;
    EXPECT_EQ(failure("HTTP/1.1 " + status + " x\r\nTransfer-Encoding: chunked\r\n\r\n"),
              "bad response: Transfer-Encoding in an answer that has no body")
        << status;
  }
}

TEST(response_parser, refuses_a_blank_line_before_the_status_line) {
  for (const std::string_view before : {"\r\n", "\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n\r\n"}) {
    const std::string bytes = std::string(before) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(failure(bytes), "bad response: a blank line before the status line");
    for (std::size_t size = 1; size < 4; ++size)
      EXPECT_EQ(trace_responses(cut(bytes, size)).failure, "bad response: a blank line before the status line");
  }
}

TEST(response_parser, skips_interim_responses) {
  const auto result = read(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "2\r\n\r\nhi");
  EXPECT_EQ(result.messages.at(0).head, "HTTP/1.1 200 OK\nContent-Length: 2\n");
  EXPECT_EQ(result.messages.at(0).body, "hi");
}

TEST(response_parser, bounds_interim_responses_by_the_limit_of_one_head) {
  std::string bytes;
  for (int n = 0; n < 5000; ++n) bytes += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(failure(bytes), "bad response: head larger than 64 KiB");
}

TEST(response_parser, refuses_interim_responses_with_a_malformed_status_line) {
  EXPECT_EQ(failure("HTTP/1.1 0103 x\r\n\r\n"), "bad response: malformed status code");
  EXPECT_EQ(failure("HTTP/2.0 103 x\r\n\r\n"), "bad response: HTTP version other than 1.0 and 1.1");
}

TEST(response_parser, stops_after_a_change_of_protocol) {
  const auto result =
      read("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  EXPECT_TRUE(result.messages.at(0).ended);
  EXPECT_EQ(result.rest, "\x81\x05hello");
}

TEST(response_parser, stops_after_a_change_of_protocol_that_its_fields_do_not_mention) {
  EXPECT_EQ(read("HTTP/1.1 101 x\r\n\r\nother").rest, "other");
}

TEST(response_parser, leaves_the_tunnel_after_connect_alone) {
  const auto result = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntunnel", "CONNECT");
  EXPECT_EQ(result.messages.at(0).body, "");
  EXPECT_EQ(result.rest, "tunnel");
}

TEST(response_parser, says_when_the_connection_changed_its_protocol) {
  response_parser parser;
  parser.begin("CONNECT");
  std::string_view input = "HTTP/1.1 200 OK\r\n\r\n";
  std::string_view body;
  ASSERT_EQ(parser.next(input, body), parse_event::head);
  EXPECT_TRUE(parser.upgraded());
}

TEST(response_parser, reads_pipelined_responses) {
  const auto result = read(
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
      "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
      "HTTP/1.1 200 OK\r\n\r\nc");
  ASSERT_EQ(result.messages.size(), 4u);
  EXPECT_EQ(result.messages[0].body + result.messages[1].body + result.messages[2].body + result.messages[3].body,
            "abc");
}

TEST(response_parser, keeps_the_connection_alive_by_version_and_field) {
  const auto keeps = [](std::string_view version, std::string_view field) {
    return read(std::string(version) + " 200 OK\r\nContent-Length: 0\r\n" + std::string(field) + "\r\n")
        .messages.at(0)
        .keep_alive;
  };
  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: x, Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
  EXPECT_TRUE(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}

TEST(response_parser, believes_chunks_in_http_1_0_but_nothing_after_them) {
  const auto result =
      read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
  EXPECT_EQ(result.messages.at(0).body, "a");
  EXPECT_FALSE(result.messages.at(0).keep_alive);
}

TEST(response_parser, has_not_started_until_the_first_byte) {
  response_parser parser;
  parser.begin("GET");
  EXPECT_FALSE(parser.started());
  std::string_view input = "H";
  std::string_view body;
  EXPECT_EQ(parser.next(input, body), parse_event::need_more);
  EXPECT_TRUE(parser.started());
  parser.begin("GET");
  EXPECT_FALSE(parser.started());
}

TEST(response_parser, reports_an_eof_before_the_response) {
  response_parser parser;
  parser.begin("GET");
  EXPECT_THROW(parser.finish_eof(), hocket::protocol_error);
}

TEST(response_parser, may_begin_anew_in_the_middle_of_a_body) {
  response_parser parser;
  parser.begin("GET");
  std::string_view input = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello";
  std::string_view body;
  ASSERT_EQ(parser.next(input, body), parse_event::head);
  ASSERT_EQ(parser.next(input, body), parse_event::body);
  parser.begin("GET");
  input = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(parser.next(input, body), parse_event::head);
  EXPECT_EQ(parser.status(), 204);
}

TEST(response_parser, may_begin_anew_after_a_failure) {
  response_parser parser;
  parser.begin("GET");
  std::string_view body;
  std::string_view input = "nonsense";
  EXPECT_THROW(parser.next(input, body), hocket::protocol_error);
  EXPECT_THROW(parser.next(input, body), hocket::invalid_state_error);
  parser.begin("GET");
  input = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(parser.next(input, body), parse_event::head);
}

TEST(response_parser, refuses_to_be_read_past_the_end) {
  response_parser parser;
  parser.begin("GET");
  std::string_view input = "HTTP/1.1 204 No Content\r\n\r\n";
  std::string_view body;
  ASSERT_EQ(parser.next(input, body), parse_event::head);
  ASSERT_EQ(parser.next(input, body), parse_event::end);
  EXPECT_THROW(parser.next(input, body), hocket::invalid_state_error);
}

TEST(response_parser, gives_its_fields_away_without_harm) {
  response_parser parser;
  parser.begin("GET");
  std::string_view input = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
  std::string_view body;
  ASSERT_EQ(parser.next(input, body), parse_event::head);
  const auto taken = std::move(parser.headers());
  EXPECT_EQ(parser.next(input, body), parse_event::body);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(taken.get("Content-Length"), "2");
}

// Limits

TEST(response_parser, takes_a_head_of_exactly_the_limit) {
  std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
  bytes.append(64 * 1024 - bytes.size() - 4, 'x').append("\r\n\r\n");
  EXPECT_EQ(failure(bytes), "");
  bytes.insert(bytes.size() - 4, 1, 'x');
  EXPECT_EQ(failure(bytes), "bad response: head larger than 64 KiB");
}

TEST(response_parser, reads_no_more_of_an_endless_head_than_the_limit) {
  response_parser parser;
  parser.begin("GET");
  const std::string bytes = "HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x');
  std::string_view input = bytes;
  std::string_view body;
  EXPECT_THROW(parser.next(input, body), hocket::protocol_error);
  EXPECT_EQ(bytes.size() - input.size(), 64u * 1024);
}

TEST(response_parser, bounds_each_part_of_a_head) {
  for (const std::string_view start : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nName", "HTTP/1.1 200 OK\r\nX: "}) {
    EXPECT_EQ(failure(std::string(start) + std::string(100'000, 'x')), "bad response: head larger than 64 KiB")
        << start;
  }
}

TEST(response_parser, bounds_the_number_of_fields) {
  std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  for (int n = 1; n < 256; ++n) bytes += "a:\r\n";
  EXPECT_EQ(failure(bytes + "\r\n"), "");
  EXPECT_EQ(failure(bytes + "a:\r\n\r\n"), "bad response: more than 256 header fields");
}

TEST(response_parser, bounds_chunk_extensions_over_the_whole_body) {
  std::string bytes;
  for (int n = 0; n < 20; ++n) bytes += "1;" + std::string(1000, 'x') + "\r\na\r\n";
  EXPECT_EQ(failure(chunked(bytes)), "bad response: more than 16 KiB of chunk extensions and trailers");
}

TEST(response_parser, bounds_a_single_chunk_extension) {
  EXPECT_EQ(failure(chunked("1;" + std::string(100'000, 'x'))),
            "bad response: more than 16 KiB of chunk extensions and trailers");
}

TEST(response_parser, bounds_the_zeros_before_a_chunk_size) {
  EXPECT_EQ(failure(chunked(std::string(100'000, '0'))),
            "bad response: more than 16 KiB of chunk extensions and trailers");
}

TEST(response_parser, bounds_trailers) {
  EXPECT_EQ(failure(chunked("0\r\nX: " + std::string(100'000, 'x'))),
            "bad response: more than 16 KiB of chunk extensions and trailers");
  std::string many = "0\r\n";
  for (int n = 0; n < 257; ++n) many += "a:\r\n";
  EXPECT_EQ(failure(chunked(many + "\r\n")), "bad response: more than 256 trailers");
}

TEST(response_parser, keeps_trailers_until_the_next_response) {
  response_parser parser;
  for (const std::string_view sum : {"1", "2"}) {
    parser.begin("GET");
    const std::string bytes = chunked("2\r\nhi\r\n0\r\nX-Sum:  " + std::string(sum) + " \r\nX-How: well\r\n\r\n");
    std::string_view input = bytes;
    std::string_view body;
    while (parser.next(input, body) != parse_event::end) EXPECT_TRUE(parser.trailers().empty());
    EXPECT_EQ(parser.trailers().size(), 2U);
    EXPECT_EQ(parser.trailers().get("X-Sum"), sum);
  }
}

TEST(response_parser, counts_trailers_anew_in_each_response) {
  std::string chunks = "0\r\n";
  for (int n = 0; n < 200; ++n) chunks += "a:\r\n";
  chunks += "\r\n";
  EXPECT_EQ(failure(chunked(chunks) + chunked(chunks)), "");
}

TEST(response_parser, does_not_bound_the_number_of_chunks) {
  std::string bytes;
  for (int n = 0; n < 100'000; ++n) bytes += "1\r\na\r\n";
  EXPECT_EQ(body_of(chunked(bytes + "0\r\n\r\n")).size(), 100'000u);
}

TEST(response_parser, obeys_the_limits_it_is_given) {
  const parser_limits limits{.head_bytes = 60, .fields = 2, .chunk_overhead_bytes = 3};
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n", limits),
            "bad response: more than 2 header fields");
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\na: " + std::string(60, 'x'), limits),
            "bad response: head larger than 60 bytes");
  EXPECT_EQ(failure(chunked("1;" + std::string(30, 'x')), limits),
            "bad response: more than 3 bytes of chunk extensions and trailers");
}

TEST(response_parser, refuses_absurd_sizes) {
  EXPECT_EQ(failure(chunked("FFFFFFFFFFFFFFFFF\r\n")), "bad response: malformed chunk size");
  EXPECT_EQ(failure(with_field("Content-Length: 99999999999999999999999")), "bad response: malformed Content-Length");
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"),
            "bad response: Content-Length is too large");
}

TEST(response_parser, waits_for_a_body_as_long_as_a_chunk_may_claim) {
  const auto result = read(chunked("FFFFFFFFFFFFFFFF\r\nabc"));
  EXPECT_EQ(result.messages.at(0).body, "abc");
  EXPECT_EQ(result.failure, "bad response: connection closed within its body");
}

// Spelling

TEST(response_parser, refuses_what_is_not_http_1) {
  for (const std::string_view bytes :
       {"HTTP/2.0 200 OK\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n", "HTTP/1.1.1 200 OK\r\n\r\n", "HTTP/11 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
        "<html></html>", " HTTP/1.1 200 OK\r\n\r\n", "\x16\x03\x01\x02"}) {
    EXPECT_NE(failure(bytes), "") << bytes;
  }
}

TEST(response_parser, refuses_malformed_status_codes) {
  for (const std::string_view code :
       {"", "20", "2000", "2x0", "-200", "+200", " 200", "\t200", "099", "0200", "20 0"}) {
    EXPECT_NE(failure("HTTP/1.1 " + std::string(code) + "\r\nContent-Length: 0\r\n\r\n"), "") << code;
  }
}

TEST(response_parser, refuses_a_bare_lf_at_the_end_of_any_line) {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
        "HTTP/1.1 200 OK\r\nX:\nContent-Length: 0\r\n\r\n", "\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    EXPECT_NE(failure(bytes), "") << bytes;
  }
}

TEST(response_parser, refuses_a_bare_lf_around_chunks) {
  for (const std::string_view chunks :
       {"1\na\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\na\r\n0\n\r\n", "1\r\na\r\n0\r\n\n", "1;x\na\r\n0\r\n\r\n",
        "1;x=y\na\r\n0\r\n\r\n", "1;x=\"y\"\na\r\n0\r\n\r\n", "0\r\nX: y\n\r\n", "0\r\nX: y\r\n\n"}) {
    EXPECT_NE(failure(chunked(chunks)), "") << chunks;
  }
}

TEST(response_parser, refuses_a_bare_cr_anywhere_in_a_head) {
  const std::string head = "HTTP/1.1 200 OK\r\nName: value\r\nContent-Length: 0\r\n\r\n";
  for (std::size_t at = 0; at <= head.size(); ++at) {
    auto bytes = head;
    bytes.insert(at, "\r");
    const bool before_its_own_lf = at > 0 && at < head.size() && head[at - 1] == '\r';
    if (at == head.size()) continue;  // after the head it is no part of it
    EXPECT_NE(failure(bytes), "") << at << (before_its_own_lf ? " doubled" : "");
  }
}

TEST(response_parser, refuses_folded_lines) {
  EXPECT_EQ(failure(with_field("X: a\r\n b")), "bad response: a line that begins with whitespace");
  EXPECT_EQ(failure(with_field("X: a\r\n\tb")), "bad response: a line that begins with whitespace");
  EXPECT_EQ(failure(with_field("X:\r\n b")), "bad response: a line that begins with whitespace");
  EXPECT_EQ(failure(with_field("X: a\r\n ")), "bad response: a line that begins with whitespace");
  EXPECT_NE(failure("HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 0\r\n\r\n"), "");
}

TEST(response_parser, refuses_malformed_names) {
  for (const std::string_view line :
       {"X : a", "X\t: a", ": a", "X Y: a", "X", "X\xc3\xa4: a", "(X): a", "X\v: a", "\"X\": a", "X/Y: a", "X=Y",
        "Content-Length : 5", "Content-Length\t: 5", "Transfer-Encoding : chunked", "Connection : close"}) {
    EXPECT_NE(failure(with_field(line)), "") << line;
  }
}

TEST(response_parser, refuses_control_characters_everywhere_in_a_head) {
  for (char control = 0; control < 0x20; ++control) {
    if (control == '\t') continue;
    const std::string text(1, control);
    EXPECT_NE(failure("HTTP/1.1 200 O" + text + "K\r\nContent-Length: 0\r\n\r\n"), "") << int{control};
    EXPECT_NE(failure(with_field("X: a" + text + "b")), "") << int{control};
    EXPECT_NE(failure(with_field("X: " + text)), "") << int{control};
    EXPECT_NE(failure(with_field("X" + text + ": a")), "") << int{control};
  }
  EXPECT_NE(failure(with_field("X: \x7f")), "");
}

TEST(response_parser, refuses_malformed_lengths) {
  for (const std::string_view value :
       {"+5", "-5", "5 5", " 5 5", "5,5", "5, 5", "5;", "0x5", "5.0", "", "5\v", "\v5", "5\x85", "1e3", "\"5\""}) {
    EXPECT_NE(failure("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(value) + "\r\n\r\nhello"), "") << value;
  }
}

TEST(response_parser, refuses_a_repeated_length) {
  for (const char* again : {"5", "6", "05"})
    EXPECT_EQ(
        failure(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\nContent-Length: {}\r\n\r\nhello", again)),
        "bad response: repeated Content-Length");
}

TEST(response_parser, refuses_both_length_and_chunks_in_either_order) {
  const std::string reason = "bad response: both Transfer-Encoding and Content-Length";
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), reason);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), reason);
}

TEST(response_parser, refuses_transfer_codings_other_than_chunked) {
  for (const std::string_view value :
       {"gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked;x", "xchunked", "chunkedx",
        "\vchunked", "chunked\v", ",chunked", "chunked,", "chunked\t", "'chunked'", ""}) {
    EXPECT_NE(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + std::string(value) + "\r\n\r\n0\r\n\r\n"), "")
        << value;
  }
}

TEST(response_parser, refuses_a_tab_after_chunked_which_llhttp_takes_for_a_part_of_the_coding) {
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n"),
            "bad response: malformed Transfer-Encoding");
}

TEST(response_parser, refuses_malformed_chunk_sizes) {
  for (const std::string_view size :
       {"", " 1", "1 ", "\t1", "+1", "-1", "0x1", "g", "1g", "1 ;x", "1,", "1 1", "1\v"}) {
    EXPECT_NE(failure(chunked(std::string(size) + "\r\na\r\n0\r\n\r\n")), "") << size;
  }
}

TEST(response_parser, refuses_chunks_longer_or_shorter_than_they_say) {
  EXPECT_NE(failure(chunked("1\r\nab\r\n0\r\n\r\n")), "");
  EXPECT_NE(failure(chunked("3\r\nab\r\n0\r\n\r\n")), "");
}

TEST(response_parser, refuses_malformed_trailers) {
  for (const std::string_view trailer : {"X : y", " X: y", "X: y\r\n z", "X", "X: \x01"}) {
    EXPECT_NE(failure(chunked("0\r\n" + std::string(trailer) + "\r\n\r\n")), "") << trailer;
  }
}

TEST(response_parser, names_no_byte_of_the_peer_in_its_reasons) {
  const auto reason = failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: evil\xff\r\n\r\n");
  EXPECT_EQ(reason, "bad response: Transfer-Encoding other than chunked");
}

// Segmentation

const std::vector<std::string>& samples() {
  static const std::vector<std::string> all = {
      "HTTP/1.1 200 OK\r\nServer: x y\r\nX:\r\nY: \t z \t\r\nContent-Length: 11\r\n\r\nhello world"
      "HTTP/1.1 204 \r\nETag: \"x\"\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;a=\"b\";c=d\r\nhello\r\n00000001\r\n \r\n5\r\nworld\r\n0;z\r\nTrailer: 1\r\nT2: 2\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nX: y\r\n\r\nuntil close\r\n\r\n",
      "HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nother protocol",
  };
  return all;
}

TEST(response_parser, reads_the_same_however_the_bytes_are_cut) {
  for (const auto& bytes : samples()) {
    const auto whole = read(bytes);
    EXPECT_EQ(whole.failure, "");
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      EXPECT_EQ(trace_responses(cut(bytes, size)), whole) << "pieces of " << size << " of\n" << bytes;
    }
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
      const std::string_view view = bytes;
      EXPECT_EQ(trace_responses({view.substr(0, at), view.substr(at)}), whole) << "cut at " << at << " of\n" << bytes;
    }
  }
}

TEST(response_parser, reports_every_truncation_of_a_response_that_says_its_length) {
  for (const std::string& bytes : {std::string("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"),
                                   chunked("5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n")}) {
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const auto result = read(std::string_view(bytes).substr(0, size));
      EXPECT_TRUE(result.failure.starts_with("bad response: connection closed")) << result.failure << " at " << size;
    }
  }
}

}  // namespace
