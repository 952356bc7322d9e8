#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <http/form/multipart_events.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using hocket::async_generator;
using hocket::coro;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::make_boundary;
using hocket::http::multipart_form;
using hocket::testing::multipart_events;
using hocket::testing::what_is_thrown;

namespace {

async_generator<std::string> pieces_of(std::vector<std::string> pieces) {
  for (auto& piece : pieces) co_yield std::move(piece);
}

async_generator<std::string> that_fails() {
  co_yield std::string("some");
  throw hocket::error("no more");
}

/// What a body writes, and where it would send a file.
class written final : public body_writer {
 public:
  coro<void> write(std::string_view piece) override {
    text += piece;
    co_return;
  }
  coro<void> write_file(hocket::file& from, std::uint64_t offset, std::uint64_t length) override {
    std::string room(length, '\0');
    const std::size_t size = co_await from.read(room, static_cast<std::int64_t>(offset));
    text += fmt::format("<file: {}>", room.substr(0, size));
  }
  coro<void> flush() override { co_return; }

  std::string text;
};

coro<std::string> whole(body content) {
  written to;
  co_await content.write_to(to);
  co_return to.text;
}

coro<std::string> whole(multipart_form form) { co_return co_await whole(std::move(form).content()); }

HOCKET_TEST(multipart_form, is_written_as_browsers_do_it) {
  multipart_form form("B");
  form.add("text", "a value\r\n");
  form.add("file", "content", {.filename = "a.txt", .content_type = "text/plain"});
  form.add("bytes", "", {.filename = "b"});
  EXPECT_EQ(form.content_type(), "multipart/form-data; boundary=B");
  const auto length = form.content_length();
  const std::string content = co_await whole(std::move(form));
  EXPECT_EQ(
      content,
      "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na value\r\n\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n"
      "content\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"bytes\"; filename=\"b\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n\r\n"
      "--B--\r\n");
  EXPECT_EQ(length, content.size());
}

HOCKET_TEST(multipart_form, lets_no_name_break_out_of_its_quotes) {
  multipart_form form("B");
  form.add("a\"\r\nX: y", "1", {.filename = "C:\\\"\n\xc3\xa4%22", .content_type = "x/y"});
  EXPECT_EQ(co_await whole(std::move(form)),
            "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"; filename=\"C:\\%22%0A\xc3\xa4%22\"\r\n"
            "Content-Type: x/y\r\n\r\n1\r\n--B--\r\n");
  multipart_form other("B");
  EXPECT_THROW(other.add("a", "1", {.content_type = "x/y\r\nX: y"}), hocket::error);
}

HOCKET_TEST(multipart_form, takes_contents_that_come_in_pieces) {
  multipart_form form("B");
  form.add("one", body::pieces(pieces_of({"a", "", "bc"}), 3), {.filename = "x"});
  form.add("two", "2");
  form.add("three", body::pieces(pieces_of({}), 0));
  const auto length = form.content_length();
  const std::string content = co_await whole(std::move(form));
  EXPECT_EQ(length, content.size());
  EXPECT_EQ(multipart_events("B", content, 5),
            "[Content-Disposition: form-data; name=\"one\"; filename=\"x\"|Content-Type: application/octet-stream|]abc."
            "[Content-Disposition: form-data; name=\"two\"|]2."
            "[Content-Disposition: form-data; name=\"three\"|].$");
}

HOCKET_TEST(multipart_form, has_no_length_if_one_of_its_parts_has_none) {
  multipart_form form("B");
  EXPECT_EQ(form.content_length(), 7U);
  form.add("one", body::pieces(pieces_of({"a"})));
  EXPECT_EQ(form.content_length(), std::nullopt);
  form.add("two", "2");
  EXPECT_EQ(form.content_length(), std::nullopt);
  co_await whole(std::move(form));
}

HOCKET_TEST(multipart_form, holds_a_stream_to_its_length) {
  multipart_form longer("B");
  longer.add("one", body::pieces(pieces_of({"ab", "c"}), 2));
  EXPECT_EQ(co_await what_is_thrown(whole(std::move(longer))), "a part of the body has more bytes than was said of it");
  multipart_form shorter("B");
  shorter.add("one", body::pieces(pieces_of({"ab"}), 3));
  EXPECT_EQ(co_await what_is_thrown(whole(std::move(shorter))),
            "a part of the body has 1 bytes less than was said of it");
}

HOCKET_TEST(multipart_form, of_texts_is_a_text) {
  multipart_form form("B");
  form.add("one", "1");
  form.add("two", "2");
  EXPECT_EQ(std::move(form).content().in_memory(),
            "--B\r\nContent-Disposition: form-data; name=\"one\"\r\n\r\n1\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"two\"\r\n\r\n2\r\n--B--\r\n");
  co_return;
}

HOCKET_TEST(multipart_form, gives_files_as_files_again_and_again) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write("0123456789");
  const std::string large(100'000, 'x');
  multipart_form form("B");
  form.add("one", body::of_file(co_await hocket::file::open(temporary.path())), {.filename = "a"});
  form.add("two", body::of_file(co_await hocket::file::open(temporary.path()), 3, 4));
  form.add("three", body::borrow(large));
  const auto length = form.content_length();
  body content = std::move(form).content();
  EXPECT_EQ(content.length(), length);
  EXPECT_TRUE(content.can_repeat());
  const std::string expected =
      "--B\r\nContent-Disposition: form-data; name=\"one\"; filename=\"a\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n<file: 0123456789>\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"two\"\r\n\r\n<file: 3456>\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"three\"\r\n\r\n" +
      large + "\r\n--B--\r\n";
  for (int n = 0; n < 2; ++n) {
    written to;
    co_await content.write_to(to);
    EXPECT_EQ(to.text, expected);
  }
  EXPECT_EQ(length, expected.size() - 2 * std::string_view("<file: >").size());
}

HOCKET_TEST(multipart_form, with_a_generator_cannot_be_repeated) {
  multipart_form form("B");
  form.add("one", "1");
  form.add("two", body::pieces(pieces_of({"a"})));
  body content = std::move(form).content();
  EXPECT_FALSE(content.can_repeat());
  co_await whole(std::move(content));
}

HOCKET_TEST(multipart_form, passes_on_what_a_stream_throws) {
  multipart_form form("B");
  form.add("one", body::pieces(that_fails()));
  EXPECT_EQ(co_await what_is_thrown(whole(std::move(form))), "no more");
}

TEST(multipart_form, needs_a_boundary) {
  EXPECT_THROW(multipart_form(""), hocket::error);
  EXPECT_THROW(multipart_form("a\r\n"), hocket::error);
  EXPECT_EQ(multipart_form("a b").content_type(), "multipart/form-data; boundary=\"a b\"");
}

TEST(multipart_form, has_boundaries_drawn_at_random) {
  hocket::random_source random(1);
  const std::string one = make_boundary(random);
  EXPECT_EQ(one.size(), 42U);
  EXPECT_NE(make_boundary(random), one);
  EXPECT_NO_THROW(multipart_form{one});
}

async_generator<std::string> slowly(bool& closed) {
  const struct mark {
    bool& set;
    ~mark() { set = true; }
  } at_the_end{closed};
  for (int n = 0; n < 3; ++n) {
    co_await hocket::sleep(std::chrono::milliseconds(1));
    co_yield std::string("piece");
  }
}

TEST(multipart_form, cancelled_anywhere_closes_its_streams) {
  bool closed = false;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> coro<void> {
    closed = false;
    multipart_form form("B");
    form.add("one", body::pieces(slowly(closed)));
    form.add("two", body::pieces(pieces_of({"a"})));
    co_await whole(std::move(form));
    EXPECT_TRUE(closed);
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, report.cancelled + 1);
  EXPECT_GT(report.runs, 3U);
}

}  // namespace
