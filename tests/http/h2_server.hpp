#pragma once

#include <string>
#include <utility>

#include <http/h2_client.hpp>
#include <http/scripted_server.hpp>

#include <hocket/http/client/session_options.hpp>

namespace hocket::testing {

/// A server's end of a connection that does what a test says: an `h2_client` the other way round. What it has noted as answers are requests: their
/// pseudo-header fields are among the fields.
class h2_server : public h2_client {
 public:
  using h2_client::h2_client;

  /// Reads the preface, and sends SETTINGS with those entries. It acknowledges those of the client.
  static coro<h2_server> greet(byte_stream stream, std::string settings = {}) {
    h2_server made(std::move(stream));
    while (made.come_.size() < h2::preface.size()) {
      const buffer more = co_await made.stream().receive();
      if (!more) break;
      made.come_ += more.text();
    }
    EXPECT_EQ(made.come_.substr(0, h2::preface.size()), h2::preface);
    made.come_.erase(0, h2::preface.size());
    co_await made.send(h2::frame(h2::settings, h2::none, 0, settings));
    co_return made;
  }

  /// Waits for the next request's head, and gives its stream; 0 at the connection's end.
  coro<std::uint32_t> request() {
    const auto head = co_await next(h2::headers);
    co_return head.type == h2::headers ? head.stream : 0;
  }
  [[nodiscard]] std::string path_of(std::uint32_t stream) { return so_far(stream).fields.at(":path"); }
};

namespace h2 {

/// The head of an answer, with further fields.
inline std::string answer_head(std::uint32_t stream, std::string_view status, fields more = {}, bool is_last = false) {
  return frame(headers, end_headers | (is_last ? end_stream : none), stream,
               block({{":status", status}}) + block(more));
}

/// A whole answer.
inline std::string answer(std::uint32_t stream, std::string_view text, std::string_view status = "200") {
  return answer_head(stream, status) + body(stream, text);
}

inline std::string goodbye(std::uint32_t last, error_code why = no_error) {
  return frame(goaway, none, 0, number(last) + number(why));
}

}  // namespace h2

/// For a session that speaks HTTP/2 at once.
inline http::session_options speaking(http::session_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

/// A script that greets each connection, and then plays.
template <class Play>
scripted_server::script speaking_http2(Play play, std::string settings = {}) {
  return [play = std::move(play), settings](tcp_socket& peer, std::size_t nth) mutable -> coro<void> {
    h2_server server = co_await h2_server::greet(byte_stream(std::move(peer)), settings);
    co_await play(server, nth);
  };
}

/// Answers every request of a connection with its path.
inline coro<void> answer_all(h2_server& server) {
  for (std::uint32_t id = co_await server.request(); id != 0; id = co_await server.request())
    co_await server.send(h2::answer(id, server.path_of(id)));
}

}  // namespace hocket::testing
