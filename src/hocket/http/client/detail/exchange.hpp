#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/body_decoder.hpp>
#include <hocket/http/client/detail/connection_pool.hpp>
#include <hocket/http/client/detail/session_call.hpp>
#include <hocket/http/client/request_message.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/upgraded_stream.hpp>

namespace hocket::http::detail {

/// One request and its answer, on one connection: a lease of the pool, the request sent, the answer read. The connection goes back
/// with the last byte, or is closed, if by then the request has not been sent to its end; over HTTP/2 it is the stream that ends.
class exchange {
 public:
  exchange(url target, connection_pool& pool, const session_options& options)
      : target(std::move(target)), pool_(pool), options_(options) {}
  ~exchange();
  exchange(const exchange&) = delete;

  /// Sends the request, which is for `target`, and waits for the answer's head; once more, on a connection of its own, if the one that
  /// rested was stale and the request may be sent again; and again, whatever it is, if the server says that it did nothing with it.
  coro<void> begin(request_message& asked, const session_call& call);

  /// The next piece of the body, empty at its end, when the connection has gone back. A call that is cancelled loses nothing; what another
  /// one throws, all later ones throw too.
  HOCKET_CORO_WRAPPER coro<std::string_view> next();

  /// Reads what is left of the body, if that is little and comes soon, so that the connection can be used again. Else it is kept, until
  /// this ends.
  coro<void> drain();

  /// Gives the connection away, on which the server speaks another protocol.
  [[nodiscard]] upgraded_stream take_over();

  /// Leaves the hooks out of what becomes of the body.
  void tell_no_more() noexcept { trace_.hooks = nullptr; }

  /// Of the body that is to come, if it says so: what an answer to HEAD says is of another one.
  [[nodiscard]] std::uint64_t announced_bytes() const noexcept;
  /// The body is not as it came.
  [[nodiscard]] bool is_decoded() const noexcept { return decoder_ != nullptr; }

  answer_head head;
  headers trailers;  // once the body has ended
  url target;
  std::uint64_t received = 0;  // before decoding
  std::vector<redirect_hop> history;

 private:
  [[nodiscard]] headers added_fields(const headers& own, const session_call& call) const;
  [[nodiscard]] time_point connect_deadline() const;
  [[noreturn]] void give_up(route where, time_point limit) const;
  coro<bool> lease_one(route where, time_point limit);
  coro<bool> ask_on_shared(request_message& asked, const session_call& call, route where);
  coro<bool> open(route where, time_point limit);
  coro<void> attempt(request_message& asked, const session_call& call, route where);
  coro<std::string_view> next_decoded();
  coro<std::string_view> next_as_it_came();
  void fail();
  void tell_recorder(exchange_end how) noexcept;
  void finish() noexcept;

  connection_pool& pool_;
  const session_options& options_;
  time_point deadline_{};
  lease lease_;
  std::unique_ptr<body_decoder> decoder_;  // null if the body is as it came
  std::exception_ptr failure_;             // of the body
  std::string method_;
  trace_point trace_;
  std::shared_ptr<exchange_recorder> recorder_;  // until it is told of the end
};

}  // namespace hocket::http::detail
