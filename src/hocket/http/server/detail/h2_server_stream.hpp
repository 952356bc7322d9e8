#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/server/detail/h2_reply_sender.hpp>
#include <hocket/http/server/detail/server_exchange.hpp>

namespace hocket::http::detail {

class h2_server_connection;

/// One request on a connection of HTTP/2: its head as it comes, then the task that has it answered.
class h2_server_stream final : public h2_stream, public list_link<>, private server_exchange {
 public:
  h2_server_stream(h2_server_connection& connection, server& owner, const client_of_connection& client,
                   std::int32_t id);
  ~h2_server_stream() override;

  /// Has the request answered. Throws `cancelled`.
  coro<void> run();

  /// See `request::next`.
  coro<std::string_view> next() override;

 private:
  // h2_stream
  void take_field(std::string_view name, std::string_view value) override;
  bool head_ends() override;
  void take_trailer(std::string_view name, std::string_view value) override;
  void was_closed() noexcept override;

  // server_exchange
  [[nodiscard]] bool is_asked_to_end() const noexcept override {
    return working_.cancel_called() || task_base::current()->cancelling() > 0;
  }
  [[nodiscard]] bool has_lost_client() const noexcept override { return is_closed(); }
  [[nodiscard]] reply_sink& sink() noexcept override { return sender_; }
  [[nodiscard]] bool write_head(const reply& given) override;
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> send_long_body(reply& given) override { return write_body(given); }
  void give_up(defeat why) noexcept override;
  [[nodiscard]] coro<void> send_interim(int status, const headers& fields) override;
  [[nodiscard]] bool may_change_protocol() noexcept override;

  void take_pseudo_field(std::string_view name, std::string_view value);
  void require_room_for(std::string_view name, std::string_view value, std::size_t fields_before);
  void begin_request();
  void ask_as_over_http_1();
  [[nodiscard]] std::string_view host() const;
  coro<void> refuse(const bad_message& problem);
  coro<void> answer();
  coro<void> answer_by(reply& given);
  coro<void> change_protocol();
  void leave();

  h2_server_connection& connection_;
  h2_reply_sender sender_;
  cancel_scope working_;

  std::string method_;
  std::string target_;
  std::string authority_;
  std::string protocol_;  // to speak on the stream from here on, if the client asks for that (RFC 8441)
  std::string cookies_;   // RFC 9113, 8.2.3: they may come as several fields
  std::string request_line_;
  headers fields_;
  std::size_t head_bytes_ = 0;
  std::optional<bad_message> refusal_;  // what is wrong with the head
  bool has_body_ = false;
  bool waits_to_go_on_ = false;              // the client, for 100 (Continue)
  h2_error end_ = h2_error::internal_error;  // of a stream whose reply did not get through
  std::uint64_t body_bytes_ = 0;
  duration waited_{};  // for them
};

}  // namespace hocket::http::detail
