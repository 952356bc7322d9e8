#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/server/detail/h2_server_connection.hpp>
#include <hocket/http/server/detail/reply_sender.hpp>
#include <hocket/http/server/detail/request_reader.hpp>
#include <hocket/http/server/detail/server_exchange.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// One connection to a server: reads a request of HTTP/1, has it answered, sends the reply, again; or leaves all that to HTTP/2, where that is
/// what the client speaks. Lives in its task.
class server_connection final : public list_link<server::connection_link>, private server_exchange {
 public:
  server_connection(server& owner, byte_stream peer);

  /// Serves requests until one side wants no more.
  coro<void> serve();
  /// Says farewell, if that is the stream's custom and the client deserves it.
  coro<void> close();

  /// The server stops: the connection ends when its request is answered, at once if it has none. One that has come already, but was not
  /// seen yet, is answered too.
  void stop() noexcept {
    if (http2_ != nullptr) return http2_->stop();
    worsen(outlook::ends);
    if (stopping_ != nullptr) stopping_->set();
    if (!is_answering_ && !std::exchange(is_stopped_, true)) task_->cancel();
  }
  /// At once, and with the reply if that has begun.
  void abort() noexcept {
    const bool is_sending = http2_ != nullptr ? http2_->is_sending() : sender_.has_begun();
    worsen(is_sending ? outlook::cut_off : outlook::gone);
    task_->cancel();
  }
  /// Waits for a request, or for the client to end it.
  [[nodiscard]] bool has_been_idle_for(duration length) const noexcept {
    if (http2_ != nullptr) return http2_->has_been_idle_for(length);
    return !is_answering_ && outlook_ <= outlook::ends && loop::running().time() - idle_since_ >= length;
  }

 private:
  /// What becomes of the connection after this request. It only ever gets worse.
  enum class outlook : unsigned char {
    goes_on,  ///< to the next request
    ends,
    gone,     ///< the client, or it might as well be
    cut_off,  ///< by a reset: what the client has not taken by now it shall not have
  };
  void worsen(outlook to) noexcept { outlook_ = std::max(outlook_, to); }

  // server_exchange
  [[nodiscard]] bool is_asked_to_end() const noexcept override {
    return outlook_ >= outlook::gone || task_->cancelling() > 0;  // the server's end, or the client's
  }
  [[nodiscard]] bool has_lost_client() const noexcept override {
    return outlook_ >= outlook::gone || reader_.body() == request_reader::body_state::lost;
  }
  [[nodiscard]] reply_sink& sink() noexcept override { return sender_; }
  [[nodiscard]] bool write_head(const reply& given) override;
  [[nodiscard]] coro<void> send_long_body(reply& given) override;
  [[nodiscard]] coro<void> send_interim(int status, const headers& fields) override;
  void give_up(defeat why) noexcept override { worsen(why == defeat::too_slow ? outlook::cut_off : outlook::gone); }
  [[nodiscard]] bool may_change_protocol() noexcept override;

  coro<bool> greet(buffer& behind);
  coro<bool> shake_hands(buffer early);
  [[nodiscard]] bool has_agreed_on_http2() const;
  coro<void> serve_http2(bool has_sent_preface);

  void take_back_stop() noexcept;
  void begin_request();
  coro<void> refuse(const bad_message& problem);
  coro<void> answer();
  coro<void> change_protocol();
  coro<void> while_connected(coro<void> work);
  coro<void> watch(cancel_scope& working, const bool& is_done);
  [[nodiscard]] bool has_whole_reply() const noexcept { return outlook_ < outlook::gone; }  // the client
  coro<void> leave_request();
  coro<void> linger();

  [[nodiscard]] reply_form form_of(const reply& given);

  byte_stream stream_;
  task_base* task_ = task_base::current();
  request_reader reader_;
  reply_sender sender_;
  std::unique_ptr<h2_server_connection> http2_;  // once it is known that the client speaks it
  time_point idle_since_{};
  std::size_t served_ = 0;
  outlook outlook_ = outlook::goes_on;
  bool is_answering_ = false;
  bool is_stopped_ = false;    // `stop` has cancelled the task
  event* stopping_ = nullptr;  // of who speaks another protocol

  std::string target_;  // of the request, if it stands nowhere else
};

}  // namespace hocket::http::detail
