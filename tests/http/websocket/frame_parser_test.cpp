#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <http/websocket/frames.hpp>

#include <hocket/http/websocket/detail/frame_parser.hpp>

using hocket::http::detail::bad_frame;
using hocket::http::detail::frame_parser;
using hocket::http::detail::frame_parser_options;
using hocket::testing::client_frame;
using hocket::testing::opcode;
using hocket::testing::server_frame;

namespace {

/// Everything that is found, pieces of one frame joined: "text+ \"Hel\" text. \"lo\" ping \"\"", and at last what is wrong.
class trace {
 public:
  explicit trace(frame_parser_options options) : parser_(options) {}

  void feed(std::string bytes) {
    std::span<char> input(bytes);
    try {
      while (!failed_) {
        std::string_view piece;
        switch (parser_.next(input, piece)) {
          case frame_parser::event::need_more:
            EXPECT_TRUE(input.empty());
            return;
          case frame_parser::event::head:
            finish_piece();
            break;
          case frame_parser::event::data:
            piece_ += piece;
            if (parser_.ends_message()) {
              finish_piece();
              fmt::format_to(std::back_inserter(found_), "{}. ", static_cast<int>(parser_.message_kind()));
            }
            break;
          case frame_parser::event::control:
            finish_piece();
            fmt::format_to(std::back_inserter(found_), "[{} {}] ", static_cast<int>(parser_.control_kind()),
                           parser_.control_payload());
            break;
        }
      }
    } catch (const bad_frame& problem) {
      finish_piece();
      failed_ = true;
      fmt::format_to(std::back_inserter(found_), "{} {}", problem.code(), problem.what());
    }
  }
  [[nodiscard]] std::string result() {
    finish_piece();
    return found_;
  }

 private:
  void finish_piece() {
    if (!piece_.empty()) fmt::format_to(std::back_inserter(found_), "'{}' ", std::exchange(piece_, {}));
  }

  frame_parser parser_;
  std::string piece_;
  std::string found_;
  bool failed_ = false;
};

/// The same wherever the bytes are cut.
std::string found_in(const std::string& bytes, frame_parser_options options = {}) {
  trace whole(options);
  whole.feed(bytes);
  const std::string result = whole.result();
  trace single(options);
  for (const char byte : bytes) single.feed(std::string(1, byte));
  EXPECT_EQ(single.result(), result);
  const std::size_t most = std::min<std::size_t>(bytes.size(), 200);
  for (std::size_t at = 0; at <= most; ++at) {
    trace cut(options);
    cut.feed(bytes.substr(0, at));
    cut.feed(bytes.substr(at));
    EXPECT_EQ(cut.result(), result) << at;
  }
  return result;
}

std::string bytes_of(std::initializer_list<int> numbers) {
  std::string bytes;
  for (const int each : numbers) bytes.push_back(static_cast<char>(each));
  return bytes;
}

constexpr frame_parser_options of_clients{.is_masked = true};

TEST(frame_parser, reads_the_examples_of_the_rfc) {
  EXPECT_EQ(found_in(bytes_of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})), "'Hello' 1. ");
  EXPECT_EQ(found_in(bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}), of_clients),
            "'Hello' 1. ");
  EXPECT_EQ(found_in(bytes_of({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f})), "'Hel' 'lo' 1. ");
  EXPECT_EQ(found_in(bytes_of({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})), "[9 Hello] ");
  EXPECT_EQ(found_in(bytes_of({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}), of_clients),
            "[10 Hello] ");
}

TEST(frame_parser, writes_the_examples_of_the_rfc) {
  EXPECT_EQ(server_frame(opcode::text, "Hello"), bytes_of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  EXPECT_EQ(client_frame(opcode::text, "Hello"),
            bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  EXPECT_EQ(server_frame(opcode::binary, std::string(256, 'x')).substr(0, 4), bytes_of({0x82, 0x7E, 0x01, 0x00}));
  EXPECT_EQ(server_frame(opcode::binary, std::string(65536, 'x')).substr(0, 10),
            bytes_of({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(frame_parser, reads_payloads_of_every_length_about_the_limits_of_their_spelling) {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 124U, 125U, 126U, 127U, 128U, 65535U, 65536U, 65537U}) {
    std::string payload(size, 'a');
    for (std::size_t at = 0; at < size; ++at) payload[at] = static_cast<char>('a' + at % 26);
    const std::string expected = size == 0 ? "2. " : fmt::format("'{}' 2. ", payload);
    EXPECT_EQ(found_in(server_frame(opcode::binary, payload)), expected);
    EXPECT_EQ(found_in(client_frame(opcode::binary, payload), of_clients), expected);
  }
}

TEST(frame_parser, joins_fragments_and_lets_control_frames_stand_between_them) {
  EXPECT_EQ(found_in(server_frame(opcode::text, "a", false) + server_frame(opcode::ping, "1") +
                     server_frame(opcode::continuation, "b", false) + server_frame(opcode::pong, "") +
                     server_frame(opcode::continuation, "c") + server_frame(opcode::binary, "d")),
            "'a' [9 1] 'b' [10 ] 'c' 1. 'd' 2. ");
  EXPECT_EQ(found_in(server_frame(opcode::text, "", false) + server_frame(opcode::continuation, "", false) +
                     server_frame(opcode::continuation, "")),
            "1. ");
}

TEST(frame_parser, reads_a_close_frame_of_as_much_as_a_control_frame_may_hold) {
  const std::string reason(123, 'r');
  EXPECT_EQ(found_in(hocket::testing::close_frame(1000, reason)), fmt::format("[8 \x03\xE8{}] ", reason));
}

TEST(frame_parser, refuses_what_no_peer_may_send) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {bytes_of({0xC1, 0x00}), "1002 a frame with a reserved bit"},
      {bytes_of({0xA1, 0x00}), "1002 a frame with a reserved bit"},
      {bytes_of({0x91, 0x00}), "1002 a frame with a reserved bit"},
      {bytes_of({0xC9, 0x00}), "1002 a control frame with a reserved bit"},
      {bytes_of({0x83, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x84, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x85, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x86, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x87, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x8B, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x8C, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x8D, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x8E, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x8F, 0x00}), "1002 a frame of an unknown kind"},
      {bytes_of({0x09, 0x00}), "1002 a control frame in fragments"},
      {bytes_of({0x0A, 0x00}), "1002 a control frame in fragments"},
      {bytes_of({0x08, 0x00}), "1002 a control frame in fragments"},
      {bytes_of({0x89, 0x7E, 0x00, 0x7E}), "1002 a control frame larger than 125 bytes"},
      {bytes_of({0x88, 0x7E, 0x00, 0x7E}), "1002 a control frame larger than 125 bytes"},
      {bytes_of({0x80, 0x00}), "1002 a continuation of nothing"},
      {bytes_of({0x00, 0x00}), "1002 a continuation of nothing"},
      {bytes_of({0x01, 0x00, 0x81, 0x00}), "1002 a message within another one"},
      {bytes_of({0x01, 0x00, 0x80, 0x00, 0x80, 0x00}), "1. 1002 a continuation of nothing"},
      {bytes_of({0x82, 0x7E, 0x00, 0x7D}), "1002 the length of a frame in more bytes than it needs"},
      {bytes_of({0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), "1002 the length of a frame in more bytes than it needs"},
      {bytes_of({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0}), "1002 the length of a frame is too large"},
      {client_frame(opcode::text, "Hello"), "1002 a frame of a server with a mask"},
  };
  for (const auto& [bytes, expected] : cases) EXPECT_EQ(found_in(bytes), expected);
  EXPECT_EQ(found_in(server_frame(opcode::text, "Hello"), of_clients), "1002 a frame of a client without a mask");
  EXPECT_EQ(found_in(server_frame(opcode::ping, ""), of_clients), "1002 a frame of a client without a mask");
}

TEST(frame_parser, refuses_a_head_as_soon_as_it_is_wrong) {
  for (const int first : {0xA1, 0x83, 0xC9, 0x09, 0x80, 0xC1})
    EXPECT_TRUE(found_in(bytes_of({first})).starts_with("1002 ")) << first;
  EXPECT_EQ(found_in(bytes_of({0x81, 0x7F}), of_clients), "1002 a frame of a client without a mask");
  EXPECT_EQ(found_in(bytes_of({0x89, 0xFF}), of_clients), "1002 a control frame larger than 125 bytes");
}

TEST(frame_parser, lets_the_first_frame_of_a_message_be_compressed_where_that_was_agreed_upon) {
  constexpr frame_parser_options compressed{.may_be_compressed = true};
  EXPECT_EQ(found_in(bytes_of({0xC1, 0x01, 'a'}), compressed), "'a' 1. ");
  EXPECT_EQ(found_in(bytes_of({0x41, 0x01, 'a', 0x80, 0x01, 'b'}), compressed), "'a' 'b' 1. ");
  EXPECT_EQ(found_in(bytes_of({0x41, 0x01, 'a', 0xC0, 0x01, 'b'}), compressed), "'a' 1002 a frame with a reserved bit");
  EXPECT_EQ(found_in(bytes_of({0xC9, 0x00}), compressed), "1002 a control frame with a reserved bit");
  EXPECT_EQ(found_in(bytes_of({0xE1, 0x00}), compressed), "1002 a frame with a reserved bit");
}

TEST(frame_parser, covers_and_uncovers_from_any_place) {
  const std::string before =
      "0123456789abcdefghijklmnopqrstuvwxyz, and so on for more than two times sixteen bytes of it";
  for (std::size_t offset = 0; offset < 9; ++offset) {
    for (std::size_t size = 0; size <= before.size(); ++size) {
      std::string text = before;
      hocket::http::detail::apply_mask(std::span(text).first(size), hocket::testing::test_mask, offset);
      for (std::size_t at = 0; at < text.size(); ++at) {
        const unsigned mask = at < size ? hocket::testing::test_mask[(at + offset) % 4] : 0U;
        ASSERT_EQ(static_cast<unsigned char>(text[at]), static_cast<unsigned char>(before[at]) ^ mask) << size;
      }
    }
  }
}

}  // namespace
