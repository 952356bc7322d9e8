#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/server/detail/interim_sink.hpp>
#include <hocket/http/server/detail/reply_sink.hpp>
#include <hocket/http/server/detail/request_access.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/http/server/upgraded_connection.hpp>

namespace hocket::http::detail {

/// Who makes requests on a connection.
struct client_of_connection {
  socket_address address;   ///< the client's, or that of a proxy that says for whom it makes requests
  std::string_view scheme;  ///< a literal
};

/// A request and what becomes of it, whatever protocol carries it: it is given to the handler, what that throws becomes a reply, the reply is
/// sent, and who wants to know is told.
class server_exchange : public interim_sink {
 public:
  server_exchange(const server_exchange&) = delete;
  server_exchange& operator=(const server_exchange&) = delete;

  coro<void> send_early_hints(const headers& fields) final;

 protected:
  /// Why a reply was not sent to its end.
  enum class defeat {
    too_slow,  ///< the client takes it too slowly
    gone,      ///< the client has gone
    failed,    ///< what makes the body has failed
  };

  server_exchange(server& owner, client_of_connection client) noexcept : owner_(owner), client_(client) {}
  ~server_exchange() = default;

  /// Of a request whose parts are there: its id, and what proxies say of it. Throws `bad_message`.
  void introduce();
  /// Of a request that is none: it has an id as well.
  void introduce_refused();

  /// Asks the handler. Throws `cancelled` if somebody may ask this exchange to end.
  coro<void> ask_handler(reply& given);
  /// Sends what it gave; what cannot be sent is given up. `given` is another one afterwards if its body failed before anything was sent.
  coro<void> send_reply(reply& given);
  /// Has who was set for it (`protocol_change`) speak another protocol, and closes the connection then. What it throws is reported, but for
  /// the end of the connection.
  coro<void> speak(upgraded_connection& connection);
  void tell_of_answer(int status, std::optional<time_point> begun, bool complete, std::string_view refused_for = {});
  void report(std::string_view problem) const;

  [[nodiscard]] const server_options& options() const noexcept { return owner_.options_; }

  // What is the protocol's own.

  /// A `cancelled` that comes by now is ours. Else somebody else's was let out.
  [[nodiscard]] virtual bool is_asked_to_end() const noexcept = 0;
  /// Nobody wants to hear any more why the handler failed.
  [[nodiscard]] virtual bool has_lost_client() const noexcept = 0;
  [[nodiscard]] virtual reply_sink& sink() noexcept = 0;
  /// Writes the head of `given`, and says whether a body follows it.
  [[nodiscard]] virtual bool write_head(const reply& given) = 0;
  /// Sends a body that may take long: by `write_body`, until the client goes.
  [[nodiscard]] virtual coro<void> send_long_body(reply& given) = 0;
  virtual void give_up(defeat why) noexcept = 0;
  [[nodiscard]] virtual coro<void> send_interim(int status, const headers& fields) = 0;
  /// The client has asked for another protocol, and can be given one.
  [[nodiscard]] virtual bool may_change_protocol() noexcept { return false; }

  coro<void> write_body(reply& given);

  server& owner_;
  client_of_connection client_;
  request request_;

 private:
  [[nodiscard]] bool begin(reply& given);
  void give_id();

  request_origin origin_;  // if a proxy has said it
};

}  // namespace hocket::http::detail
