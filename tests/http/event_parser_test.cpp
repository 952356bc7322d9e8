#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/detail/event_parser.hpp>

using namespace std::string_view_literals;
using hocket::http::detail::event_parser;

namespace {

/// "type|data|id" of each event, one a line.
std::string events_in(event_parser& parser) {
  std::string all;
  while (auto event = parser.next()) all += fmt::format("{}|{}|{}\n", event->type, event->data, event->last_event_id);
  return all;
}

/// The same however the bytes are cut.
std::string events_of(std::string_view stream) {
  const auto with_cuts = [&](const std::vector<std::string_view>& pieces) {
    event_parser parser(1000);
    std::string all;
    for (const auto piece : pieces) {
      parser.add(piece);
      all += events_in(parser);
    }
    return all;
  };
  const std::string whole = with_cuts({stream});
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < stream.size(); ++at) bytes.push_back(stream.substr(at, 1));
  EXPECT_EQ(with_cuts(bytes), whole);
  for (std::size_t at = 0; at <= stream.size(); ++at)
    EXPECT_EQ(with_cuts({stream.substr(0, at), stream.substr(at)}), whole) << at;
  return whole;
}

// The examples of the standard, 9.2.6.

TEST(event_parser, joins_the_lines_of_data) {
  EXPECT_EQ(events_of("data: YHOO\ndata: +2\ndata: 10\n\n"), "message|YHOO\n+2\n10|\n");
}

TEST(event_parser, remembers_ids_and_drops_comments_and_what_is_not_complete) {
  EXPECT_EQ(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
            "message|first event|1\nmessage|second event|\n");
}

TEST(event_parser, gives_empty_data_but_not_none) {
  EXPECT_EQ(events_of("data\n\ndata\ndata\n\ndata:"), "message||\nmessage|\n|\n");
  EXPECT_EQ(events_of("event: nothing\n\ndata: x\n\n"), "message|x|\n");
}

TEST(event_parser, drops_one_space_behind_the_colon) {
  EXPECT_EQ(events_of("data:test\n\ndata: test\n\ndata:  test\n\n"), "message|test|\nmessage|test|\nmessage| test|\n");
}

TEST(event_parser, knows_every_end_of_a_line) {
  for (const std::string_view end : {"\n", "\r", "\r\n"})
    EXPECT_EQ(events_of(fmt::format("event: a{0}data: 1{0}data: 2{0}id: 7{0}{0}data: 3{0}{0}", end)),
              "a|1\n2|7\nmessage|3|7\n")
        << testing::PrintToString(end);
  EXPECT_EQ(events_of("data: 1\r\n\rdata: 2\n\r"), "message|1|\nmessage|2|\n");
}

TEST(event_parser, drops_a_byte_order_mark_and_only_one) {
  EXPECT_EQ(events_of("\xEF\xBB\xBF"
                      "data: x\n\n"),
            "message|x|\n");
  EXPECT_EQ(events_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                      "data: x\n\n"),
            "");
}

TEST(event_parser, replaces_what_is_no_utf_8) {
  EXPECT_EQ(events_of("data: a\xFF"
                      "b\xE2\x82\n\n"),
            "message|a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD|\n");
}

TEST(event_parser, ignores_fields_that_it_does_not_know_and_ids_with_a_nul) {
  EXPECT_EQ(events_of("id: 1\nid: a\0b\nDATA: x\nnonsense\n data: y\ndata: z\n\n"sv), "message|z|1\n");
}

TEST(event_parser, an_id_counts_without_data_too) {
  event_parser parser(1000);
  parser.add("id: 5\n");
  EXPECT_EQ(events_in(parser), "");
  EXPECT_EQ(parser.last_event_id(), "");
  parser.add("\n");
  EXPECT_EQ(events_in(parser), "");
  EXPECT_EQ(parser.last_event_id(), "5");
}

TEST(event_parser, takes_a_retry_of_digits_alone) {
  event_parser parser(1000);
  parser.add("retry: 1500\nretry: 2s\nretry: -1\nretry:\n\n");
  EXPECT_EQ(events_in(parser), "");
  EXPECT_EQ(parser.take_retry(), std::chrono::milliseconds(1500));
  EXPECT_EQ(parser.take_retry(), std::nullopt);
}

TEST(event_parser, takes_an_endless_retry_for_a_day) {
  for (const char* endless : {"86400001", "9223372036854775807", "9223372036854775808", "99999999999999999999999999"}) {
    event_parser parser(1000);
    parser.add(fmt::format("retry: {}\n\n", endless));
    EXPECT_EQ(events_in(parser), "");
    EXPECT_EQ(parser.take_retry(), std::chrono::hours(24)) << endless;
  }
}

TEST(event_parser, ignores_ids_that_no_field_can_carry) {
  for (const std::string_view bad : {"a\x01", "\x1F", "a\x7F"})
    EXPECT_EQ(events_of(fmt::format("id: 1\nid: {}\ndata: x\n\n", bad)), "message|x|1\n")
        << testing::PrintToString(bad);
  EXPECT_EQ(events_of("id: a\tb\ndata: x\n\n"), "message|x|a\tb\n");
}

TEST(event_parser, refuses_ids_over_a_limit_of_their_own) {
  const auto with_id_of = [](std::size_t size) {
    event_parser parser(1024 * 1024);
    parser.add("id: " + std::string(size, 'x') + "\ndata: y\n\n");
    return parser.next();
  };
  EXPECT_EQ(with_id_of(4096)->last_event_id.size(), 4096U);
  EXPECT_THROW(static_cast<void>(with_id_of(4097)), hocket::http::body_too_large);
}

TEST(event_parser, takes_an_event_of_exactly_the_limit) {
  const std::string most(1000, 'x');
  EXPECT_EQ(events_of("data: " + most + "\n\n"), "message|" + most + "|\n");
  EXPECT_EQ(events_of("data: " + most.substr(0, 499) + "\ndata: " + most.substr(0, 500) + "\n\n"),
            "message|" + most.substr(0, 499) + "\n" + most.substr(0, 500) + "|\n");
  EXPECT_EQ(events_of("data\nevent: " + most + "\n\n"), most + "||\n");
}

TEST(event_parser, refuses_events_over_the_limit) {
  for (const std::string& endless :
       {std::string(1008, 'x'), "data: " + std::string(1001, 'x') + "\n", "event:" + std::string(1001, 'x') + "\n", [] {
          std::string many;
          for (int nth = 0; nth < 300; ++nth) many += "data: abc\n";
          return many;
        }()}) {
    event_parser parser(1000);
    parser.add(endless);
    EXPECT_THROW(static_cast<void>(parser.next()), hocket::http::body_too_large);
  }
}

TEST(event_parser, begins_anew_with_another_connection) {
  event_parser parser(1000);
  parser.add("id: 1\ndata: x\n\nid: 2\ndata: lost\xE2");
  EXPECT_EQ(events_in(parser), "message|x|1\n");
  parser.begin(parser.last_event_id());
  parser.add("data: y\n\n");
  EXPECT_EQ(events_in(parser), "message|y|1\n");
}

}  // namespace
