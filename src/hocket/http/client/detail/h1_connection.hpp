#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/client/detail/carrier.hpp>
#include <hocket/http/client/detail/patient_stream.hpp>
#include <hocket/http/client/detail/unanswered.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// A client's end of a connection that speaks HTTP/1.1: one request after the other, each with its answer.
class h1_connection final : public carrier, public std::enable_shared_from_this<h1_connection> {
 public:
  explicit h1_connection(byte_stream opened);
  ~h1_connection() override;

  coro<void> exchange(const outgoing_request& request, patience limits, answer_head& answer) override;
  coro<std::string_view> next() override;
  [[nodiscard]] headers take_trailers() override { return std::move(parser_.trailers()); }
  void hurry(time_point deadline) noexcept override { stream_.hurry(deadline); }
  void abandon() noexcept override;
  [[nodiscard]] bool can_be_used_again() const noexcept override;

  /// Without waiting: the peer has closed it, or sends what nobody has asked for.
  [[nodiscard]] bool has_something_to_read() const noexcept { return stream_.has_something_to_read(); }
  /// It lies unused, and gives back what it borrows.
  void rest(time_point since) noexcept;
  [[nodiscard]] time_point rests_since() const noexcept { return rests_since_; }

  /// Bytes that came after the answer.
  [[nodiscard]] bool has_rest() const noexcept { return !rest_.empty(); }
  /// The same, in their buffer.
  [[nodiscard]] buffer take_rest() noexcept {
    received_.remove_prefix(received_.size() - rest_.size());
    rest_ = {};
    return std::move(received_);
  }
  /// What lies below. Leaves the connection unusable.
  [[nodiscard]] byte_stream release() noexcept { return stream_.release(); }

 private:
  struct sending;
  /// Where the answer to the last request is.
  enum class stage : unsigned char {
    awaited,
    begun,  ///< its head has come
    whole,
  };

  coro<void> refuse_what_came();
  coro<void> send_head_and_text(const outgoing_request& request);
  coro<void> send_and_listen(const outgoing_request& request, answer_head& answer);
  coro<void> send_body(body& content, bool waits_for_consent);
  static coro<void> send_body_of(std::shared_ptr<h1_connection> mine, body& content, bool waits_for_consent);
  coro<bool> listen(bool stops_at_answer, answer_head& answer);
  coro<void> read_head(answer_head& answer);
  coro<std::string_view> next_piece();
  coro<parse_event> parse(std::string_view& body);
  coro<void> receive();
  void end_with_connection();
  [[nodiscard]] bool is_answered() const noexcept { return answer_ != stage::awaited; }
  [[nodiscard]] bool is_sending() const noexcept;
  [[nodiscard]] bool sender_has_failed() const noexcept;
  void require_sender() const;

  patient_stream stream_;
  response_parser parser_;
  buffer received_;
  std::string_view rest_;                  // of `received_`
  std::string head_;                       // of the request; kept for its memory
  exchange_recorder* recorder_ = nullptr;  // of the last request
  std::unique_ptr<sending> sending_;       // of the last request, if its body is sent while the answer is awaited
  stage answer_ = stage::whole;
  bool fresh_ = true;    // has carried nothing yet
  bool broken_ = false;  // the peer has closed
  bool closes_ = false;  // after this exchange: the request says so
  bool offers_ = false;  // to go on by another protocol: the request does
  time_point rests_since_{};
};

}  // namespace hocket::http::detail
