#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/server/detail/reply_sender.hpp>
#include <hocket/http/server/detail/request_reader.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::http::detail {

/// One connection of HTTP/1 to a server: reads a request, has it answered, sends the reply, again. Lives in its task.
class server_connection final : public list_link<server::connection_link> {
 public:
  server_connection(server& owner, byte_stream peer);

  /// Serves requests until one side wants no more.
  coro<void> serve();
  /// Says farewell, if that is the stream's custom and the client deserves it.
  coro<void> close();

  /// The server stops: the connection ends when its request is answered, at once if it has none. One that has come already, but was not
  /// seen yet, is answered too.
  void stop() noexcept {
    worsen(outlook::ends);
    if (!is_answering_ && !std::exchange(is_stopped_, true)) task_->cancel();
  }
  /// At once, and with the reply if that has begun.
  void abort() noexcept {
    worsen(sender_.has_begun() ? outlook::cut_off : outlook::gone);
    task_->cancel();
  }
  /// Waits for a request, or for the client to end it.
  [[nodiscard]] bool has_been_idle_for(duration length) const noexcept {
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
  /// A `cancelled` that comes by now is ours: the server's end, or the client's. Else somebody else's was let out.
  [[nodiscard]] bool is_asked_to_end() const noexcept { return outlook_ >= outlook::gone || task_->cancelling() > 0; }

  coro<bool> greet(buffer& behind);
  coro<bool> shake_hands(buffer early);

  void take_back_stop() noexcept;
  void begin_request();
  void give_id();
  void find_origin();
  coro<void> refuse(const bad_message& problem);
  coro<void> answer();
  coro<void> ask_handler(reply& given);
  coro<void> while_connected(coro<void> work);
  coro<void> watch(cancel_scope& working, const bool& is_done);
  coro<void> send(reply& given);
  coro<void> send_body(reply& given);
  void tell_of_answer(int status, std::optional<time_point> begun, std::string_view refused_for = {});
  coro<void> leave_request();
  coro<void> linger();

  reply_form write_head(reply& given);
  [[nodiscard]] reply_form form_of(const reply& given);
  void report(std::string_view problem) const;
  [[nodiscard]] const server_options& options() const noexcept { return owner_.options_; }

  server& owner_;
  byte_stream stream_;
  task_base* task_ = task_base::current();
  request_reader reader_;
  reply_sender sender_;
  socket_address peer_;      // the client, or a proxy that says for whom it makes requests
  std::string_view scheme_;  // a literal
  time_point idle_since_{};
  std::size_t served_ = 0;
  outlook outlook_ = outlook::goes_on;
  bool is_answering_ = false;
  bool is_stopped_ = false;  // `stop` has cancelled the task

  // Of the request:
  request request_;
  request_origin origin_;  // if a proxy has said it
  std::string target_;     // if it stands nowhere else
};

}  // namespace hocket::http::detail
