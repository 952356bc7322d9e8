#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/http/detail/h2_writer.hpp>
#include <hocket/http/server/detail/h2_server_stream.hpp>
#include <hocket/http/server/detail/server_exchange.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// One connection of HTTP/2 to a server: has its requests answered, each in a task of its own, as many at once as the client may ask.
class h2_server_connection final : private h2_session {
 public:
  /// Both stay alive as long.
  h2_server_connection(server& owner, byte_stream& stream, const client_of_connection& client);
  ~h2_server_connection() override;

  /// Serves requests until one side wants no more. `come` are bytes that have come already; the preface before them was, or was not, read by
  /// others. Throws `cancelled`.
  coro<void> serve(buffer come, bool has_sent_preface);

  /// The server stops: the client is told so (GOAWAY), requests that it has sent already are answered.
  void stop() noexcept;

  /// Set then: for those who speak another protocol on one of its streams.
  [[nodiscard]] event& stopping() noexcept { return stopping_; }

  /// A reply is under way.
  [[nodiscard]] bool is_sending() const noexcept { return live_ > 0 || writer_.is_sending(); }
  /// Waits for a request, or for the client to end it.
  [[nodiscard]] bool has_been_idle_for(duration length) const noexcept;

 private:
  friend class h2_server_stream;

  // h2_session
  h2_stream* request_begins(std::int32_t id) override;
  void stream_ends(h2_stream& which) noexcept override;
  void ping_answered() override { pong_.set(); }

  /// The head that comes is whole.
  void request_has_come(h2_server_stream& which);
  /// It ends, with its task or without ever having had one.
  void forget(h2_server_stream& which) noexcept;

  coro<void> read(buffer come);
  [[nodiscard]] coro<std::optional<buffer>> receive_more();
  [[nodiscard]] time_point end_of_patience();
  [[nodiscard]] bool loses_patience(time_point now);
  void begin_requests();
  /// The client is told to begin no more requests; those that it has sent already are answered.
  void end_soon() noexcept;
  coro<void> answer(std::unique_ptr<h2_server_stream> request);
  coro<void> write();
  coro<void> end_in_order();
  coro<void> finish(task<void> writing);
  coro<void> linger();
  void look_for_end() noexcept;

  [[nodiscard]] const server_options& options() const noexcept { return owner_.options_; }

  server& owner_;
  byte_stream& stream_;
  client_of_connection client_;
  task_group* tasks_ = nullptr;  // while it serves

  std::unique_ptr<h2_server_stream> coming_;              // its head is
  std::vector<std::unique_ptr<h2_server_stream>> begun_;  // their tasks are not
  intrusive_list<h2_server_stream> answered_;             // those that are being
  std::size_t live_ = 0;                                  // of these
  std::size_t served_ = 0;
  event none_live_;

  cancel_scope reading_;
  cancel_scope lingering_;
  event pong_;
  event stopping_;
  h2_writer writer_;
  time_point idle_since_{};
  std::optional<time_point> head_begun_;
  bool is_ending_ = false;
  bool is_broken_ = false;  // the client has gone
  bool is_lingering_ = false;
};

}  // namespace hocket::http::detail
