#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <http/h2_frames.hpp>
#include <nghttp2/nghttp2.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket::testing {

struct h2_frame {
  int type = -1;  // the connection has ended
  int flags = 0;
  std::uint32_t stream = 0;
  std::string payload{};
};

/// What came on a stream, to its end.
struct h2_answer {
  int status = 0;  // none came
  std::map<std::string, std::string> fields{};
  std::string body{};
  std::optional<std::uint32_t> reset{};  // its code
  std::string interim{};                 // statuses before it
};

/// A client that sends the frames that a test makes, and understands those that come. It acknowledges settings, and opens no windows.
class h2_client {
 public:
  explicit h2_client(byte_stream stream) : stream_(std::move(stream)) {
    nghttp2_hd_inflater* made = nullptr;
    EXPECT_EQ(nghttp2_hd_inflate_new(&made), 0);
    inflater_.reset(made);
  }

  static coro<h2_client> connect(socket_address where) {
    co_return co_await greet(byte_stream(co_await tcp_socket::connect(where)));
  }
  /// `settings` are entries for its SETTINGS.
  static coro<h2_client> greet(byte_stream stream, std::string settings = {}) {
    h2_client made(std::move(stream));
    co_await made.send(std::string(h2::preface) + h2::frame(h2::settings, h2::none, 0, settings));
    co_return made;
  }

  coro<void> send(std::string bytes) { co_await stream_.send_all(bytes); }

  /// The next frame, or one of type -1 at the end.
  coro<h2_frame> next() {
    constexpr std::size_t head = 9;
    while (!ended_ && (come_.size() < head || come_.size() < head + h2::read_number(come_.substr(0, 3)))) {
      auto more = co_await as_expected(stream_.receive());
      ended_ = !more || more->empty();
      was_reset_ = !more;
      if (!ended_) come_ += more->text();
    }
    if (ended_) co_return h2_frame{};
    const std::size_t size = h2::read_number(come_.substr(0, 3));
    h2_frame found{.type = come_[3],
                   .flags = come_[4],
                   .stream = h2::read_number(come_.substr(5, 4)),
                   .payload = come_.substr(head, size)};
    come_.erase(0, head + size);
    if (found.type == h2::settings && (found.flags & h2::ack) == 0)
      static_cast<void>(co_await as_expected(stream_.send_all(acknowledgement_)));
    note(found);
    co_return found;
  }

  /// The next of that type; what comes before it is noted, and passed over.
  coro<h2_frame> next(int type) {
    for (;;) {
      auto found = co_await next();
      if (found.type == type || found.type == -1) co_return found;
    }
  }

  /// What comes on that stream, to its end or that of the connection.
  coro<h2_answer> answer(std::uint32_t stream) {
    while (!ended_ && !is_over_[stream]) co_await next();
    co_return answers_[stream];
  }
  /// A request and its answer.
  coro<h2_answer> ask(std::uint32_t stream, std::string bytes) {
    co_await send(std::move(bytes));
    co_return co_await answer(stream);
  }

  /// "code last" of the connection's end: what GOAWAY says before the peer closes.
  coro<std::string> goodbye() {
    std::string said = "none";
    for (;;) {
      const auto found = co_await next();
      if (found.type == -1) co_return was_reset_&& said == "none" ? "reset" : said;
      if (found.type == h2::goaway) said = goaway_of(found);
    }
  }
  static std::string goaway_of(const h2_frame& frame) {
    if (frame.payload.size() < 8) return "none";
    return fmt::format("{} {}", h2::read_number(frame.payload.substr(4, 4)),
                       h2::read_number(frame.payload.substr(0, 4)));
  }

  [[nodiscard]] byte_stream& stream() noexcept { return stream_; }
  /// What has come so far.
  [[nodiscard]] const h2_answer& so_far(std::uint32_t stream) { return answers_[stream]; }

 protected:
  std::string come_;

 private:
  struct deleter {
    void operator()(nghttp2_hd_inflater* unused) const noexcept { nghttp2_hd_inflate_del(unused); }
  };

  void note(const h2_frame& found) {
    h2_answer& answer = answers_[found.stream];
    if (found.type == h2::data) answer.body += found.payload;
    if (found.type == h2::headers) unpack(found.payload, answer);
    if (found.type == h2::rst_stream) answer.reset = h2::read_number(found.payload);
    const bool ends = (found.type == h2::data || found.type == h2::headers) && (found.flags & h2::end_stream) != 0;
    if (found.type == h2::rst_stream || ends) is_over_[found.stream] = true;
  }

  void unpack(std::string_view block, h2_answer& answer) {
    const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    for (;;) {
      nghttp2_nv field;
      int flags = 0;
      const auto read = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
      if (read < 0) {
        ADD_FAILURE() << "a head that cannot be read";
        return;
      }
      at += read;
      left -= static_cast<std::size_t>(read);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        const std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
        const std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
        if (name != ":status")
          answer.fields[name] = value;
        else if (value.starts_with('1'))
          answer.interim += value;
        else
          answer.status = std::stoi(value);
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
  }

  byte_stream stream_;
  std::string acknowledgement_ = h2::frame(h2::settings, h2::ack, 0, "");
  bool ended_ = false;
  bool was_reset_ = false;
  std::map<std::uint32_t, h2_answer> answers_;
  std::map<std::uint32_t, bool> is_over_;
  std::unique_ptr<nghttp2_hd_inflater, deleter> inflater_;
};

}  // namespace hocket::testing
