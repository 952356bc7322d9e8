#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <base/cut.hpp>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/message_parser.hpp>

// What a parser makes of all that a connection carries, for tests and fuzzers to compare.

namespace hocket::http::testing {

struct traced_message {
  std::string head;  // start line and fields, as lines
  std::string body;  // pieces, concatenated
  bool ended = false;
  bool keep_alive = false;

  friend bool operator==(const traced_message&, const traced_message&) = default;
};

struct trace {
  std::vector<traced_message> messages;
  std::string failure;  // what was thrown
  std::string rest;     // bytes after the last message that the connection carries

  friend bool operator==(const trace&, const trace&) = default;
};

inline std::string start_line(const detail::response_parser& parser) {
  return "HTTP/1." + std::to_string(parser.http_minor()) + " " + std::to_string(parser.status()) + " " +
         std::string(parser.reason()) + "\n";
}

inline std::string start_line(const detail::request_parser& parser) {
  return std::string(parser.method()) + " " + std::string(parser.target()) + " HTTP/1." +
         std::to_string(parser.http_minor()) + "\n";
}

template <class Parser>
std::string describe_head(Parser& parser) {
  auto text = start_line(parser);
  for (const auto [name, value] : parser.headers()) text.append(name).append(": ").append(value).append("\n");
  return text;
}

// Plays one connection's bytes, piece by piece, into a parser; `begin` makes the parser ready for a message.
template <class Parser, class Begin>
class connection_tracer {
 public:
  connection_tracer(Parser& parser, Begin begin) : parser_(parser), begin_(begin) {}

  void receive(std::string_view input) {
    while (!input.empty() && result_.failure.empty()) {
      if (over_) {
        result_.rest.append(input);
        return;
      }
      if (!reading_) begin_();
      reading_ = true;
      guard([&] { read_message(input); });
    }
  }

  trace close() {
    if (reading_ && result_.failure.empty()) {
      guard([&] {
        parser_.finish_eof();
        if (parser_.started()) end_message();
      });
    }
    return std::move(result_);
  }

 private:
  void read_message(std::string_view& input) {
    std::string_view body;
    for (;;) {
      switch (parser_.next(input, body)) {
        case detail::parse_event::need_more:
          if (!input.empty()) throw error("asked for more with input left");
          return;
        case detail::parse_event::head:
          result_.messages.push_back({.head = describe_head(parser_)});
          break;
        case detail::parse_event::body:
          if (body.empty()) throw error("reported an empty piece of body");
          result_.messages.back().body.append(body);
          break;
        case detail::parse_event::end:
          end_message();
          return;
      }
    }
  }

  void end_message() {
    result_.messages.back().ended = true;
    result_.messages.back().keep_alive = parser_.keep_alive();
    over_ = !parser_.keep_alive();
    reading_ = false;
  }

  template <class Action>
  void guard(Action action) {
    try {
      action();
    } catch (const error& why) {
      result_.failure = why.what();
    }
  }

  Parser& parser_;
  Begin begin_;
  bool reading_ = false;
  bool over_ = false;
  trace result_;
};

// Each piece lies in memory of its own, of just its size, which is gone after the call.
template <class Tracer>
trace play(Tracer tracer, const std::vector<std::string_view>& pieces) {
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    tracer.receive({copy.data(), copy.size()});
  }
  return tracer.close();
}

inline trace trace_responses(const std::vector<std::string_view>& pieces, std::string_view request_method = "GET",
                             detail::parser_limits limits = {}) {
  detail::response_parser parser(limits);
  return play(connection_tracer(parser, [&] { parser.begin(request_method); }), pieces);
}

inline trace trace_requests(const std::vector<std::string_view>& pieces, detail::parser_limits limits = {}) {
  detail::request_parser parser(limits);
  return play(connection_tracer(parser, [&] { parser.begin(); }), pieces);
}

using hocket::testing::cut;
using hocket::testing::cut_anyhow;

// Limits that a short input reaches.
inline constexpr detail::parser_limits small_limits{.head_bytes = 1024, .fields = 8, .chunk_overhead_bytes = 64};

}  // namespace hocket::http::testing
