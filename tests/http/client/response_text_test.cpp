// A body as text: which encoding is taken, and what becomes of bytes that mean nothing.
#include <string>
#include <string_view>
#include <utility>

#include <http/client/client_peer.hpp>

#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::encoding;
using hocket::encoding_for_label;
using hocket::http::response;
using hocket::http::session;
using hocket::http::text_options;
using hocket::testing::answering_messages;
using hocket::testing::failure_of;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;
using namespace std::string_literals;

namespace {

/// The text of a body that comes with this Content-Type; none if that is empty.
coro<std::string> text_of(std::string body, std::string type, text_options how = {}) {
  const std::string field = type.empty() ? "" : fmt::format("Content-Type: {}\r\n", type);
  scripted_server server(answering_messages([&](const seen_request&) { return response_text(200, body, field); }));
  session web;
  response answer = co_await web.get(server.url());
  co_return co_await answer.text(how);
}

const std::string japanese = "\x93\xfa\x96\x7b";  // Shift_JIS

HOCKET_TEST(response_text, is_utf_8_unless_somebody_says_otherwise) {
  EXPECT_EQ(co_await text_of("caf\xc3\xa9", ""), "café");
  EXPECT_EQ(co_await text_of("caf\xc3\xa9", "text/html"), "café");
  EXPECT_EQ(co_await text_of("", "text/html; charset=shift_jis"), "");
}

HOCKET_TEST(response_text, is_read_by_the_charset_of_its_content_type) {
  EXPECT_EQ(co_await text_of(japanese, "text/html; charset=Shift_JIS"), "日本");
  EXPECT_EQ(co_await text_of(japanese, "text/html; charset=\"x-sjis\""), "日本");
  EXPECT_EQ(co_await text_of("caf\xe9 \x80", "text/plain; charset=ISO-8859-1"), "café €") << "as browsers do";
  EXPECT_EQ(co_await text_of("a\0\xac\x20"s, "text/plain; charset=utf-16"), "a€");
  EXPECT_EQ(co_await text_of("\0a\x20\xac"s, "text/plain; charset=utf-16be"), "a€");
}

HOCKET_TEST(response_text, is_read_by_its_byte_order_mark_whatever_is_said) {
  for (const char* type : {"", "text/plain; charset=shift_jis", "text/plain; charset=nonsense"}) {
    EXPECT_EQ(co_await text_of("\xff\xfe\xac\x20"s, type), "€") << type;
    EXPECT_EQ(co_await text_of("\xfe\xff\x20\xac"s, type), "€") << type;
    EXPECT_EQ(co_await text_of("\xef\xbb\xbf"
                               "caf\xc3\xa9",
                               type),
              "café")
        << type;
  }
  EXPECT_EQ(co_await text_of("\xff\xfe\xac\x20"s, "", {.encoding = encoding::shift_jis}), "€");
}

HOCKET_TEST(response_text, is_read_by_what_the_caller_says_before_the_server) {
  EXPECT_EQ(co_await text_of(japanese, "text/plain; charset=utf-8", {.encoding = encoding_for_label("sjis")}), "日本");
  EXPECT_EQ(co_await text_of(japanese, "text/plain; charset=sjis", {.encoding = encoding_for_label("no label")}),
            "日本")
      << "a label that is none says nothing";
}

HOCKET_TEST(response_text, of_an_unknown_charset_is_utf_8_and_that_can_be_seen) {
  scripted_server server(answering_messages([&](const seen_request& asked) {
    return response_text(200, "caf\xc3\xa9", fmt::format("Content-Type: text/plain{}\r\n", asked.target.substr(1)));
  }));
  session web;
  response unknown = co_await web.get(server.url("/;charset=klingon"));
  EXPECT_EQ(unknown.charset(), "klingon");
  EXPECT_EQ(unknown.encoding(), std::nullopt);
  EXPECT_EQ(co_await unknown.text(), "café");
  response known = co_await web.get(server.url("/;charset=latin1"));
  EXPECT_EQ(known.encoding(), encoding::windows_1252);
  response silent = co_await web.get(server.url("/"));
  EXPECT_EQ(silent.encoding(), std::nullopt);
  EXPECT_EQ(silent.charset(), "");
}

HOCKET_TEST(response_text, finds_its_encoding_out_if_asked_to) {
  const std::string declared = "<meta charset=shift_jis>" + japanese;
  EXPECT_EQ(co_await text_of(declared, "text/html", {.detect = true}), "<meta charset=shift_jis>日本");
  EXPECT_EQ(co_await text_of(declared, "text/html; charset=nonsense", {.detect = true}),
            "<meta charset=shift_jis>日本");
  EXPECT_EQ(co_await text_of("caf\xc3\xa9", "text/html", {.detect = true}), "café");
  EXPECT_EQ(co_await text_of("<meta charset=utf-8>" + japanese, "text/html; charset=sjis", {.detect = true}),
            "<meta charset=utf-8>日本")
      << "the server's word counts more";
  std::string russian;
  for (int n = 0; n < 20; ++n) russian += "\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0! ";
  EXPECT_TRUE((co_await text_of(russian, "text/plain", {.detect = true})).starts_with("Привет, мир! "));
}

HOCKET_TEST(response_text, has_replacement_characters_for_what_means_nothing) {
  EXPECT_EQ(co_await text_of("a\xff"
                             "b",
                             ""),
            "a\uFFFD"
            "b");
  EXPECT_EQ(co_await text_of("a\xe2\x82", ""), "a\uFFFD") << "cut within a character";
  EXPECT_EQ(co_await text_of("\x93\xfa\x96", "text/plain; charset=sjis"), "日\uFFFD");
  EXPECT_EQ(co_await text_of("a\0\xac"s, "text/plain; charset=utf-16le"), "a\uFFFD");
  EXPECT_EQ(co_await text_of("a\0\x3d\xd8"s, "text/plain; charset=utf-16le"), "a\uFFFD") << "half of a pair";
  EXPECT_EQ(co_await text_of("<b>", "text/html; charset=iso-2022-kr"), "\uFFFD") << "is not safe to read";
  EXPECT_EQ(co_await text_of(japanese, "text/plain; charset=utf-8"), "\uFFFD\uFFFD\uFFFD{") << "the wrong label";
}

HOCKET_TEST(response_text, fails_by_choice_at_what_means_nothing) {
  const auto strictly = [](std::string body, std::string type) -> coro<std::string> {
    co_return co_await failure_of(text_of(std::move(body), std::move(type), {.strict = true}));
  };
  EXPECT_EQ(co_await strictly("a\xff"
                              "b\xff",
                              ""),
            "http::text_decoding_error: the body is not UTF-8: 2 times its bytes mean nothing");
  EXPECT_TRUE((co_await strictly("a\xe2\x82", "")).starts_with("http::text_decoding_error: "));
  EXPECT_TRUE((co_await strictly("\x93\xfa\x96", "text/plain; charset=sjis"))
                  .starts_with("http::text_decoding_error: the body is not Shift_JIS: 1 "));
  EXPECT_EQ(co_await strictly("a\uFFFD", ""), "none: a\uFFFD") << "that character is what the sender meant";
  EXPECT_EQ(co_await strictly(japanese, "text/plain; charset=sjis"), "none: 日本");
}

HOCKET_TEST(response_text, keeps_to_its_limit) {
  EXPECT_EQ(co_await text_of(japanese, "text/plain; charset=sjis", {.limit_bytes = 4}), "日本");
  EXPECT_EQ(co_await failure_of(text_of(japanese, "text/plain; charset=sjis", {.limit_bytes = 3})),
            "http::body_too_large: the body is larger than 3 bytes");
}

HOCKET_TEST(response_text, is_the_same_however_its_bytes_come) {
  const std::string body = "a" + japanese + "\xff" + japanese + "\x96";
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const std::string chunks = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=sjis\r\nTransfer-Encoding: "
        "chunked\r\n\r\n{:x}\r\n{}\r\n{:x}\r\n"
        "{}\r\n0\r\n\r\n",
        cut, body.substr(0, cut), body.size() - cut, body.substr(cut));
    scripted_server server(answering_messages([&](const seen_request&) { return chunks; }));
    session web;
    response answer = co_await web.get(server.url());
    EXPECT_EQ(co_await answer.text(), "a日本\uFFFD日本\uFFFD") << cut;
  }
}

}  // namespace
