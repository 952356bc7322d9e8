#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/client/detail/carrier.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

class h2_client_connection;

/// Keeps the connection of a stream longer than the stream.
struct h2_stream_base {
  std::shared_ptr<h2_client_connection> connection;
};

/// One request and its answer on a connection of HTTP/2.
class h2_client_stream final : private h2_stream_base,
                               public h2_stream,
                               public carrier,
                               public list_link<>,
                               public std::enable_shared_from_this<h2_client_stream> {
 public:
  explicit h2_client_stream(std::shared_ptr<h2_client_connection> on);
  ~h2_client_stream() override;

  coro<void> exchange(const outgoing_request& request, patience limits, answer_head& answer) override;
  coro<std::string_view> next() override;
  [[nodiscard]] headers take_trailers() override { return trailers(); }
  [[nodiscard]] bool has_begun_body() const noexcept override { return has_begun_body_; }
  void hurry(time_point deadline) noexcept override { limits_.hurry(deadline); }
  void abandon() noexcept override;
  [[nodiscard]] bool can_be_used_again() const noexcept override { return false; }

  /// What its request has asked for is spoken on it, now that the server has agreed: it is no request any more.
  [[nodiscard]] byte_stream open_tunnel();
  /// It has a place among those on which another protocol is spoken or asked for.
  void take_place_of_tunnel() noexcept;
  [[nodiscard]] bool has_place_of_tunnel() const noexcept { return has_place_of_tunnel_; }

  /// Its connection ends. Null: the peer has closed it.
  void lose_connection(const std::exception_ptr& why) noexcept;
  /// The peer did nothing with it, and will not; see `request_not_processed`.
  void refuse(bool after_others) noexcept;

 private:
  /// How the sending of the body ended.
  enum class outcome : unsigned char {
    open,
    complete,
    refused,  // the peer wants no more of it
    stuck,    // the peer takes no more of it
    failed,
  };

  // h2_stream
  void take_field(std::string_view name, std::string_view value) override;
  bool head_ends() override;
  void take_trailer(std::string_view name, std::string_view value) override;
  void was_closed() noexcept override { changed_.set(); }
  void was_cut_off() override;
  [[nodiscard]] std::exception_ptr why_closed(std::uint32_t code) const noexcept override;

  void require_room_for(std::string_view name, std::string_view value, std::size_t fields_before);
  void accept_protocol();
  void end_interim();
  void break_off(std::exception_ptr why);
  coro<void> send_and_listen(const outgoing_request& request);
  coro<void> send_body(body& content, bool waits_for_consent);
  static coro<void> send_body_of(std::shared_ptr<h2_client_stream> mine, body& content, bool waits_for_consent);
  coro<bool> listen(bool stops_at_answer);
  coro<void> hear();
  coro<void> wait_for_sender();
  coro<void> wait_for_head();
  coro<void> wait_for_piece();
  void give_head(answer_head& answer);
  [[nodiscard]] bool has_begun() const noexcept { return head_bytes_ > 0; }
  [[nodiscard]] bool is_sending() const noexcept { return sender_ && !sender_->done(); }
  [[nodiscard]] bool sender_has_failed() const noexcept;
  void require_sender() const;

  patience limits_;
  trace_point trace_;
  exchange_recorder* recorder_ = nullptr;
  interim_hook* on_interim_ = nullptr;
  event changed_;  // there is an answer, or never will be, or the sending has ended

  // The answer.
  std::string method_;
  bool changes_protocol_ = false;
  bool has_place_of_tunnel_ = false;
  answer_head head_;
  std::string shown_;           // of its heads, for who records
  std::size_t head_bytes_ = 0;  // with those of interim answers
  bool is_answered_ = false;    // its head is whole

  // The sending.
  std::string shown_target_;  // the sender may outlive the request
  std::optional<task<void>> sender_;
  event consent_;  // the server wants the body
  bool has_begun_body_ = false;
  outcome sent_ = outcome::open;
  std::exception_ptr sending_failure_;
  std::exception_ptr deaf_;  // what ended the listening
};

}  // namespace hocket::http::detail
