#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <http/client/client_peer.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::response;
using hocket::http::session;
using hocket::testing::answering_messages;
using hocket::testing::ask;
using hocket::testing::failure_of;
using hocket::testing::request_reader;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::seen_request;

namespace {

/// A server that answers with the body that it was sent.
scripted_server::script echoing(seen_request& seen) {
  return answering_messages([&seen](const seen_request& asked) {
    seen = asked;
    return response_text(200, asked.body);
  });
}

hocket::async_generator<std::string> count_to(int last) {
  for (int n = 1; n <= last; ++n) co_yield fmt::format("{},", n);
}

HOCKET_TEST(request_body, text_goes_with_its_length) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  EXPECT_EQ(co_await ask(web, "POST", server.url("/form"), {.body = "hello"}), "hello");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/form");
  EXPECT_EQ(seen.fields.get_all("Content-Length"), (std::vector<std::string_view>{"5"}));
  EXPECT_FALSE(seen.fields.contains("Transfer-Encoding"));
}

HOCKET_TEST(request_body, an_empty_post_says_so_and_an_empty_get_says_nothing) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    co_await ask(web, method, server.url());
    EXPECT_EQ(seen.fields.get("Content-Length"), "0") << method;
  }
  for (const char* method : {"GET", "DELETE", "OPTIONS", "HEAD"}) {
    co_await ask(web, method, server.url());
    EXPECT_FALSE(seen.fields.contains("Content-Length")) << method;
  }
}

HOCKET_TEST(request_body, each_method_has_its_call) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const std::string url = server.url();
  {
    auto answer = co_await web.post(url);
  }
  EXPECT_EQ(seen.method, "POST");
  {
    auto answer = co_await web.put(url);
  }
  EXPECT_EQ(seen.method, "PUT");
  {
    auto answer = co_await web.patch(url);
  }
  EXPECT_EQ(seen.method, "PATCH");
  {
    auto answer = co_await web.delete_(url);
  }
  EXPECT_EQ(seen.method, "DELETE");
  {
    auto answer = co_await web.options(url);
  }
  EXPECT_EQ(seen.method, "OPTIONS");
}

HOCKET_TEST(request_body, bytes_may_be_borrowed) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const std::string bytes("\0\r\n\xff", 4);
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::borrow(bytes)}), bytes);
}

HOCKET_TEST(request_body, a_part_of_a_file_goes_with_its_length) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write("0123456789");
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  hocket::file content = co_await hocket::file::open(temporary.path());
  EXPECT_EQ(co_await ask(web, "PUT", server.url(), {.body = body::of_file(std::move(content), 2, 5)}), "23456");
  EXPECT_EQ(seen.fields.get("Content-Length"), "5");
}

HOCKET_TEST(request_body, a_file_that_has_become_shorter_is_an_error_and_no_short_body) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write("0123456789");
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  hocket::file content = co_await hocket::file::open(temporary.path());
  const std::string failure =
      co_await failure_of(ask(web, "PUT", server.url(), {.body = body::of_file(std::move(content), 0, 1000)}));
  EXPECT_TRUE(failure.starts_with("error: ")) << failure;
  EXPECT_EQ(seen.method, "");
}

HOCKET_TEST(request_body, a_generator_goes_in_chunks) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::pieces(count_to(4))}), "1,2,3,4,");
  EXPECT_EQ(seen.fields.get("Transfer-Encoding"), "chunked");
  EXPECT_FALSE(seen.fields.contains("Content-Length"));
}

HOCKET_TEST(request_body, a_producer_that_knows_its_length_goes_with_it) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    co_await to.write("one");
    co_await to.flush();
    co_await to.write("");
    co_await to.write("two");
  };
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce, 6)}), "onetwo");
  EXPECT_EQ(seen.fields.get("Content-Length"), "6");
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce)}), "onetwo");
  EXPECT_EQ(seen.fields.get("Transfer-Encoding"), "chunked");
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(request_body, a_producer_of_another_length_than_announced_is_an_error) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  for (const std::uint64_t announced : {5U, 7U}) {
    const auto produce = [](body_writer& to) -> coro<void> { co_await to.write("onetwo"); };
    const std::string failure =
        co_await failure_of(ask(web, "POST", server.url(), {.body = body::stream(produce, announced)}));
    EXPECT_NE(failure.find("than was said of it"), std::string::npos) << failure;
  }
  EXPECT_EQ(seen.method, "");
}

HOCKET_TEST(request_body, what_a_producer_throws_is_thrown_and_the_server_gets_no_whole_request) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    co_await to.write("half");
    throw std::domain_error("no more");
  };
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::stream(produce)})),
            "std::domain_error: no more");
  EXPECT_EQ(seen.method, "");
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "next"}), "next");
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(request_body, a_large_text_arrives_whole) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const std::string large(20'000'000, 'b');
  EXPECT_TRUE(co_await ask(web, "POST", server.url(), {.body = body::borrow(large)}) == large);
}

HOCKET_TEST(request_body, a_producer_waits_for_a_server_that_does_not_read) {
  std::size_t written = 0;
  scripted_server server([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(24h); });
  session web({.timeouts = {.sock_read = 20s}});
  const auto produce = [&](body_writer& to) -> coro<void> {
    const std::string piece(100'000, 'x');
    for (;;) {
      co_await to.write(piece);
      written += piece.size();
    }
  };
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::stream(produce)})),
            "timeout_error: the server takes no request");
  EXPECT_LT(written, 20'000'000U);
}

/// Sends a body to a server that takes 16 KiB a second, for which the client waits 5 s each.
coro<std::string> upload_slowly(body content) {
  constexpr std::size_t taken_at_once = 16 * 1024;
  auto [client, server] = hocket::testing::memory_streams({.to_server = {.capacity = taken_at_once}});
  const auto serve = [](hocket::byte_stream peer) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    while (!(co_await requests.piece()).empty()) co_await hocket::sleep(1s);
    co_await peer.send_all(response_text(200, ""));
    co_await hocket::sleep(1h);
  };
  auto serving = hocket::create_task(serve(std::move(server)));
  hocket::http::detail::h1_connection connection(std::move(client));
  const auto target = *hocket::url::parse("http://a.example/");
  const hocket::http::headers none;
  hocket::http::detail::answer_head answer;
  co_await connection.exchange({.method = "POST", .target = target, .fields = none, .content = &content},
                               {hocket::loop::running().time_after(1h), 5s}, answer);
  serving.cancel();
  co_return std::to_string(answer.status);
}

HOCKET_TEST(request_body, that_goes_slowly_goes_on_as_long_as_it_goes) {
  const std::string large(400'000, 'x');
  EXPECT_EQ(co_await failure_of(upload_slowly(body::borrow(large))), "none: 200");
  EXPECT_EQ(co_await failure_of(
                upload_slowly(body::stream([&](body_writer& to) -> coro<void> { co_await to.write(large); }))),
            "none: 200");
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write(large);
  hocket::file content = co_await hocket::file::open(temporary.path());
  EXPECT_EQ(co_await failure_of(upload_slowly(body::of_file(std::move(content), 0, large.size()))), "none: 200");
}

HOCKET_TEST(request_body, a_server_that_is_silent_while_it_is_sent_to_is_not_given_up) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    const seen_request seen = co_await requests.whole();
    co_await peer.send_all(response_text(200, seen.body));
  });
  session web({.timeouts = {.sock_read = 5s}});
  const auto produce = [](body_writer& to) -> coro<void> {
    for (int n = 0; n < 4; ++n) {
      co_await to.write("x");
      co_await hocket::sleep(4s);
    }
  };
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce)}), "xxxx");
}

HOCKET_TEST(request_body, a_server_that_is_silent_afterwards_is_given_up) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.whole());
    co_await hocket::sleep(24h);
  });
  session web({.timeouts = {.sock_read = 5s}});
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await failure_of(ask(web, "POST", server.url(), {.body = body::pieces(count_to(3))})),
            "timeout_error: the server sends nothing");
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(request_body, who_frames_it_by_hand_is_refused) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  for (const char* name : {"Content-Length", "transfer-encoding"}) {
    const std::string failure =
        co_await failure_of(ask(web, "POST", server.url(), {.fields = {{name, "5"}}, .body = "hello"}));
    EXPECT_TRUE(failure.starts_with("http::client_error: ")) << failure;
  }
}

// ---- kinds of content

HOCKET_TEST(request_body, json_and_forms_say_what_they_are) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.json = R"({"a": 1})"}), R"({"a": 1})");
  EXPECT_EQ(seen.fields.get("Content-Type"), "application/json");
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.form = {{"a", "1 2"}, {"b", "&"}}}), "a=1+2&b=%26");
  EXPECT_EQ(seen.fields.get("Content-Type"), "application/x-www-form-urlencoded");
}

HOCKET_TEST(request_body, the_callers_content_type_stays) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  co_await ask(web, "POST", server.url(), {.fields = {{"Content-Type", "application/ld+json"}}, .json = "{}"});
  EXPECT_EQ(seen.fields.get_all("Content-Type"), (std::vector<std::string_view>{"application/ld+json"}));
}

HOCKET_TEST(request_body, a_multipart_form_goes_with_its_boundary) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  hocket::http::multipart_form form("boundary");
  form.add("name", "value");
  form.add("file", body::pieces(count_to(3)), {.filename = "numbers"});
  const std::string sent = co_await ask(web, "POST", server.url(), {.multipart = std::move(form)});
  EXPECT_EQ(seen.fields.get("Content-Type"), "multipart/form-data; boundary=boundary");
  EXPECT_EQ(seen.fields.get("Transfer-Encoding"), "chunked");
  EXPECT_NE(sent.find("1,2,3,\r\n--boundary--"), std::string::npos) << sent;
}

HOCKET_TEST(request_body, a_form_with_files_goes_with_its_length_and_again_where_a_redirect_leads) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write(std::string(1'000'000, 'f'));
  std::vector<seen_request> seen;
  scripted_server server(answering_messages([&](const seen_request& asked) {
    seen.push_back(asked);
    return asked.target == "/" ? hocket::testing::redirect_to("/there", 307) : response_text(200, "done");
  }));
  session web;
  hocket::http::multipart_form form("boundary");
  form.add("name", "value");
  form.add("file", body::of_file(co_await hocket::file::open(temporary.path())), {.filename = "f"});
  const auto length = form.content_length();
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.multipart = std::move(form)}), "done");
  EXPECT_EQ(seen.size(), 2U);
  for (const seen_request& each : seen) {
    EXPECT_EQ(each.fields.get("Content-Length"), fmt::format("{}", *length));
    EXPECT_EQ(each.body.size(), length);
    EXPECT_NE(each.body.find(std::string(1'000'000, 'f') + "\r\n--boundary--\r\n"), std::string::npos);
  }
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(request_body, a_file_of_a_form_that_becomes_shorter_is_an_error_that_closes_the_connection) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write("0123456789");
  bool came_whole = true;
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    came_whole = (co_await requests.whole()).complete;
  });
  session web;
  hocket::http::multipart_form form("boundary");
  form.add("file", body::of_file(co_await hocket::file::open(temporary.path())), {.filename = "f"});
  co_await temporary.content().truncate(5);
  const std::string failure = co_await failure_of(ask(web, "POST", server.url(), {.multipart = std::move(form)}));
  EXPECT_EQ(failure, fmt::format("error: '{}' became shorter while it was sent: 5 of 10 bytes", temporary.path()));
  co_await hocket::sleep(1s);
  EXPECT_FALSE(came_whole);
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(request_body, of_a_whole_file_is_of_no_folder_and_no_device) {
  for (const char* path : {"/dev/null", "/tmp"}) {
    hocket::file opened = co_await hocket::file::open(path);
    EXPECT_THROW(static_cast<void>(body::of_file(std::move(opened))), hocket::error) << path;
  }
}

HOCKET_TEST(request_body, of_a_file_that_becomes_longer_is_what_was_there) {
  auto temporary = co_await hocket::named_temporary_file::make();
  co_await temporary.content().write("0123456789");
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  body content = body::of_file(co_await hocket::file::open(temporary.path()));
  co_await temporary.content().write("more");
  EXPECT_EQ(co_await ask(web, "PUT", server.url(), {.body = std::move(content)}), "0123456789");
  EXPECT_EQ(co_await ask(web, "PUT", server.url(), {.body = "next"}), "next");
  EXPECT_EQ(server.connections(), 1U) << "the message was whole";
}

HOCKET_TEST(request_body, a_query_goes_behind_that_of_the_target) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web({.base_url = *hocket::url::parse(server.url("/api/"))});
  co_await ask(web, "GET", "things?a=1#part", {.query = {{"b", "2 3"}}});
  EXPECT_EQ(seen.target, "/api/things?a=1&b=2+3");
  co_await ask(web, "GET", "/things", {.query = {{"b", "#"}}});
  EXPECT_EQ(seen.target, "/things?b=%23");
}

HOCKET_TEST(request_body, a_query_without_a_path_goes_behind_a_slash) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const std::string origin = fmt::format("http://127.0.0.1:{}", server.port());
  for (const char* behind : {"?x=1", "/?x=1"}) {
    co_await ask(web, "GET", origin + behind);
    EXPECT_EQ(seen.target, "/?x=1") << behind;
  }
  co_await ask(web, "GET", origin, {.query = {{"x", "1"}}});
  EXPECT_EQ(seen.target, "/?x=1");
  co_await ask(web, "GET", origin + "#part");
  EXPECT_EQ(seen.target, "/");
}

HOCKET_TEST(request_body, the_credentials_of_a_url_are_sent_and_no_part_of_the_target) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  co_await ask(web, "GET", fmt::format("http://Aladdin:open%20sesame@127.0.0.1:{}/", server.port()));
  EXPECT_EQ(seen.fields.get("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(seen.fields.get("Host"), fmt::format("127.0.0.1:{}", server.port()));
}

// ---- Expect: 100-continue

HOCKET_TEST(request_body, waits_for_the_servers_consent_if_asked_to) {
  bool came_before_consent = true;
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    seen_request seen = co_await requests.head();
    EXPECT_EQ(seen.fields.get("Expect"), "100-continue");
    co_await hocket::sleep(500ms);
    came_before_consent = !requests.rest().empty();
    co_await peer.send_all("HTTP/1.1 100 Continue\r\n\r\n");
    co_await requests.body(seen);
    co_await peer.send_all(response_text(200, seen.body));
  });
  session web;
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "hello", .expect_continue = true}), "hello");
  EXPECT_FALSE(came_before_consent);
  EXPECT_EQ(hocket::loop::running().time() - begin, 500ms);
}

HOCKET_TEST(request_body, sends_it_after_a_second_to_a_server_that_says_nothing) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "hello", .expect_continue = true}), "hello");
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(request_body, is_not_sent_to_a_server_that_refuses_it) {
  std::string rest = "nothing yet";
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(response_text(413, "too large"));
    const hocket::buffer more = co_await peer.receive();
    rest = std::string(requests.rest()) + std::string(more.text());
  });
  session web;
  bool produced = false;
  const auto produce = [&](body_writer& to) -> coro<void> {
    produced = true;
    co_await to.write("x");
  };
  {
    response answer = co_await web.post(server.url(), {.body = body::stream(produce), .expect_continue = true});
    EXPECT_EQ(answer.status(), 413);
    EXPECT_EQ(co_await answer.text(), "too large");
  }
  co_await hocket::sleep(1s);
  EXPECT_FALSE(produced);
  EXPECT_EQ(rest, "");
  EXPECT_EQ(server.open(), 0U);
}

HOCKET_TEST(request_body, is_sent_without_asking_to_a_server_that_does_not_want_to_be_asked) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    seen_request seen = co_await requests.head();
    if (seen.fields.contains("Expect")) co_return co_await peer.send_all(response_text(417, ""));
    co_await requests.body(seen);
    co_await peer.send_all(response_text(200, seen.body));
  });
  session web;
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = "hello", .expect_continue = true}), "hello");
  EXPECT_EQ(server.connections(), 2U);
}

// ---- answers that come early

HOCKET_TEST(request_body, an_early_refusal_ends_the_sending) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(response_text(413, "too large"));
    while (co_await peer.receive()) {
    }
  });
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    for (;;) {
      co_await to.write(std::string(1000, 'x'));
      co_await hocket::sleep(1s);
    }
  };
  {
    response answer = co_await web.post(server.url(), {.body = body::stream(produce)});
    EXPECT_EQ(answer.status(), 413);
    EXPECT_EQ(co_await answer.text(), "too large");
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.open(), 0U) << "a request that was not sent to its end leaves no connection for another";
}

HOCKET_TEST(request_body, an_early_refusal_is_read_although_the_server_has_closed) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(response_text(413, "too large", "Connection: close\r\n"));
    peer.shutdown_send();
    co_await hocket::sleep(1h);
  });
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    for (;;) {
      co_await to.write(std::string(100'000, 'x'));
    }
  };
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce)}), "too large");
}

HOCKET_TEST(request_body, an_early_success_waits_for_the_sending) {
  std::string whole;
  scripted_server server([&](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    seen_request seen = co_await requests.head();
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    co_await requests.body(seen);
    whole = seen.body;
    co_await peer.send_all("done");
    co_await hocket::sleep(1h);
  });
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    for (int n = 0; n < 3; ++n) {
      co_await to.write("x");
      co_await hocket::sleep(1s);
    }
  };
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::stream(produce)}), "done");
  EXPECT_EQ(whole, "xxx");
  EXPECT_EQ(server.open(), 1U) << "the connection is as good as new";
}

HOCKET_TEST(request_body, ends_at_an_early_success_if_that_is_wanted) {
  for (const int status : {200, 413}) {
    scripted_server server([status](tcp_socket& peer, std::size_t) -> coro<void> {
      request_reader requests(peer);
      static_cast<void>(co_await requests.head());
      co_await peer.send_all(response_text(status, "enough"));
      while (co_await peer.receive()) {
      }
    });
    session web;
    const auto produce = [](body_writer& to) -> coro<void> {
      for (;;) {
        co_await to.write("x");
        co_await hocket::sleep(1s);
      }
    };
    const auto begin = hocket::loop::running().time();
    {
      auto answer = co_await web.post(server.url(), {.body = body::stream(produce), .stop_at_answer = true});
      EXPECT_EQ(answer.status(), status);
      EXPECT_EQ(co_await answer.text(), "enough");
    }
    EXPECT_LT(hocket::loop::running().time() - begin, 1s);
    co_await hocket::sleep(1s);
    EXPECT_EQ(server.open(), 0U) << "a request that was not sent to its end leaves no connection for another";
  }
}

HOCKET_TEST(request_body, that_went_out_whole_before_the_answer_keeps_its_connection) {
  seen_request seen;
  scripted_server server(echoing(seen));
  session web;
  const std::string large(300'000, 'x');
  for (int n = 0; n < 2; ++n)
    EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::borrow(large), .stop_at_answer = true}), large);
  EXPECT_EQ(server.connections(), 1U);
}

// Without reading the rest, and without closing either.
HOCKET_TEST(request_body, an_early_success_is_given_when_the_server_takes_no_more) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all(response_text(200, "enough"));
    co_await hocket::sleep(1h);
  });
  session web({.timeouts = {.sock_read = 5s}});
  const std::string large(50'000'000, 'x');
  EXPECT_EQ(co_await ask(web, "POST", server.url(), {.body = body::borrow(large)}), "enough");
  co_await hocket::sleep(1s);
  EXPECT_EQ(server.connections(), 1U);
}

// Who wants the echo asks by `session::exchange`.
HOCKET_TEST(request_body, to_a_server_that_echoes_as_it_reads_comes_to_an_end) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
    co_await peer.send_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;) {
      const std::string piece = co_await requests.piece();
      if (piece.empty()) co_return;
      co_await peer.send_all(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
    }
  });
  session web({.timeouts = {.sock_read = 5s}});
  const std::string large(50'000'000, 'x');
  const auto begun = hocket::loop::running().time();
  const std::string failure = co_await failure_of(ask(web, "POST", server.url(), {.body = body::borrow(large)}));
  EXPECT_TRUE(failure.starts_with("timeout_error: ")) << failure.substr(0, 100);
  EXPECT_LE(hocket::loop::running().time() - begun, 10s);
}

HOCKET_TEST(request_body, whose_maker_hears_a_reset_fails_by_that) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    while (co_await peer.receive()) {
    }
  });
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    co_await to.write("x");
    throw std::system_error(std::make_error_code(std::errc::connection_reset), "elsewhere");
  };
  const auto begin = hocket::loop::running().time();
  const std::string failure = co_await failure_of(ask(web, "POST", server.url(), {.body = body::stream(produce)}));
  EXPECT_NE(failure.find("elsewhere"), std::string::npos) << failure;
  EXPECT_LT(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(request_body, a_server_that_closes_in_the_midst_of_it_has_disconnected) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    static_cast<void>(co_await requests.head());
  });
  session web;
  const auto produce = [](body_writer& to) -> coro<void> {
    for (;;) {
      co_await to.write("x");
      co_await hocket::sleep(1s);
    }
  };
  const std::string failure = co_await failure_of(ask(web, "POST", server.url(), {.body = body::stream(produce)}));
  EXPECT_NE(failure.find("the server closed the connection without an answer"), std::string::npos) << failure;
}

// ---- again

/// Answers the first request of a connection and closes when the second one has come; the third connection answers all.
scripted_server::script closing_upon_the_second(std::vector<std::string>& bodies) {
  return [&bodies](tcp_socket& peer, std::size_t) -> coro<void> {
    request_reader requests(peer);
    bodies.push_back((co_await requests.whole()).body);
    co_await peer.send_all(response_text(200, "x"));
    if (const seen_request second = co_await requests.whole(); second.complete) bodies.push_back(second.body);
  };
}

HOCKET_TEST(request_body, is_sent_again_when_a_connection_was_stale) {
  std::vector<std::string> bodies;
  scripted_server server(closing_upon_the_second(bodies));
  session web;
  co_await ask(web, "PUT", server.url(), {.body = "one"});
  EXPECT_EQ(co_await ask(web, "PUT", server.url(), {.body = "two"}), "x");
  EXPECT_EQ(bodies, (std::vector<std::string>{"one", "two", "two"}));
}

HOCKET_TEST(request_body, of_a_generator_is_not_sent_again) {
  std::vector<std::string> bodies;
  scripted_server server(closing_upon_the_second(bodies));
  session web;
  co_await ask(web, "PUT", server.url(), {.body = "one"});
  const std::string failure = co_await failure_of(ask(web, "PUT", server.url(), {.body = body::pieces(count_to(2))}));
  EXPECT_NE(failure.find("the server closed the connection without an answer"), std::string::npos) << failure;
  EXPECT_EQ(bodies.size(), 2U);
}

HOCKET_TEST(request_body, of_a_post_is_not_sent_again) {
  std::vector<std::string> bodies;
  scripted_server server(closing_upon_the_second(bodies));
  session web;
  co_await ask(web, "PUT", server.url(), {.body = "one"});
  static_cast<void>(co_await failure_of(ask(web, "POST", server.url(), {.body = "two"})));
  EXPECT_EQ(bodies.size(), 2U);
}

TEST(request_body, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        +[]() -> coro<void> {
          scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
            request_reader requests(peer);
            seen_request seen = co_await requests.head();
            co_await peer.send_all("HTTP/1.1 100 Continue\r\n\r\n");
            co_await requests.body(seen);
            co_await peer.send_all(response_text(200, seen.body));
          });
          session web;
          EXPECT_EQ(
              co_await ask(web, "POST", server.url(), {.body = body::pieces(count_to(3)), .expect_continue = true}),
              "1,2,3,");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
  }
}

}  // namespace
