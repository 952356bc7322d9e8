#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/core/task.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::http::detail {

/// One connection of HTTP/1 to a server: reads a request, has it answered, sends the reply, again. The source of the bodies of its
/// requests. Lives in its task.
class server_connection final : public list_link<server::connection_link>, private body_source {
 public:
  server_connection(server& owner, byte_stream peer);

  /// Serves requests until one side wants no more.
  coro<void> serve();
  /// Says farewell, if that is the stream's custom.
  coro<void> close() { co_await stream_.close(); }

  /// The server stops: the connection ends when its request is answered, at once if it has none.
  void stop() noexcept {
    keep_alive_ = false;
    if (!busy_) task_->cancel();
  }
  void abort() noexcept { task_->cancel(); }
  /// Waits for a request, and is meant to go on doing so.
  [[nodiscard]] bool has_been_idle_for(duration length) const noexcept {
    return !busy_ && keep_alive_ && loop::running().time() - idle_since_ >= length;
  }

 private:
  /// What came of waiting for bytes.
  enum class arrival { bytes, end, too_late };
  class reply_writer;

  coro<bool> greet();
  coro<bool> shake_hands();
  coro<bool> read_request();
  void begin_request();
  void find_origin();
  coro<void> answer();
  coro<reply> ask_handler();
  coro<reply> ask_handler_while_connected();
  coro<void> while_connected(coro<void> work);
  coro<void> watch(cancel_scope& working);
  coro<void> refuse(const bad_message& problem);
  void tell_of_answer(answered how);

  coro<std::string_view> next() override;
  void give_up_body(int status, const std::string& why);
  void find_end_of_body();
  [[nodiscard]] bool may_drain() const noexcept;
  coro<void> drain();
  coro<void> linger();
  coro<arrival> receive(duration limit);

  void begin_reply() noexcept;
  coro<void> send_reply(reply& given);
  coro<void> send_body(reply& given, std::optional<std::uint64_t> length, bool is_chunked);
  void write_head(const reply& given, std::string_view framing, std::optional<std::uint64_t> length);
  coro<void> send(std::string_view bytes);
  coro<void> send_head_with(std::string_view body);

  [[nodiscard]] const server_options& options() const noexcept { return owner_.options_; }
  [[nodiscard]] duration time_for(std::uint64_t bytes) const noexcept;

  server& owner_;
  byte_stream stream_;
  task_base* task_ = task_base::current();
  request_parser parser_;
  socket_address peer_;      // the client, or a proxy that says for whom it makes requests
  std::string_view scheme_;  // a literal
  request request_;
  buffer received_;
  std::string_view rest_;
  std::string out_;  // the head until it is sent, with a small first piece of the body behind it
  time_point idle_since_{};
  std::size_t served_ = 0;
  bool keep_alive_ = true;
  bool busy_ = false;

  // Of the request:
  request_origin origin_;  // if a proxy has said it
  bool body_ended_ = true;
  bool wants_continue_ = false;
  event* body_over_ = nullptr;  // set when a watcher may take what comes
  std::uint64_t body_received_ = 0;
  duration body_waited_{};  // for its bytes

  // Of the reply:
  bool head_begun_ = false;  // some of it may have been sent: then nothing can take its place
  bool head_sent_ = false;
  bool gone_ = false;  // the client, or it might as well be
  std::uint64_t body_sent_ = 0;
};

}  // namespace hocket::http::detail
