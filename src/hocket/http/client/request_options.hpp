#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/http/body.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/interim_hook.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/form_urlencoded.hpp>

namespace hocket::http {

/// What a request says besides its method and its target.
struct request_options {
  headers fields{};
  /// Goes behind the target's own query.
  std::vector<form_field> query{};
  /// What is sent along. Of what it refers to (borrowed bytes, a producer's captures) the request uses nothing once it has given its
  /// response, or thrown.
  http::body body{};
  /// In place of `body`, sent as `application/x-www-form-urlencoded`, if there are any.
  std::vector<form_field> form{};
  /// In place of `body`, sent as `multipart/form-data`.
  std::optional<multipart_form> multipart{};
  /// In place of `body`: text that is JSON, sent as `application/json`.
  std::optional<std::string> json{};
  /// Sends the head first, and the body when the server agrees, or has said nothing for a second.
  bool expect_continue = false;
  /// An answer below 300 that comes before the body has been sent does not say whether the server wants the rest (RFC 9112, 9.5, has one
  /// stop where it does not): the rest is sent, and the answer given then, or when the server takes no more. True: any answer is given at
  /// once and ends the sending, for servers that have what they need; the connection is closed after it. For answers that are read while
  /// the body is sent see `session::exchange`.
  bool stop_at_answer = false;
  /// Told of interim answers before the one that is given: of the hints of 103, of 100. Those of redirects and of challenges that are answered, too.
  interim_hook on_interim{};
  /// Who one is to the origin that is asked; redirects to another do not take it along. Takes the place of the session's.
  std::optional<credentials> auth{};
  /// Takes the place of the session's total.
  std::optional<duration> timeout{};
  /// 0: a redirect is the response.
  unsigned max_redirects = 10;
  /// Take the place of the session's.
  std::optional<proxy_settings> proxies{};
  /// Is shown what is sent and received. Null: nobody is.
  std::shared_ptr<exchange_recorder> recorder{};
};

}  // namespace hocket::http
