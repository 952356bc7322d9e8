#pragma once

#include <memory>
#include <string>

#include <hocket/http/body.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/interim_hook.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// What is asked of a server, whatever carries it there.
struct request_message {
  std::string method;
  hocket::url target;
  /// Those of the request; what the connection needs (Host, Content-Length, Transfer-Encoding) comes with it, and what the session
  /// has for all requests where these say nothing.
  http::headers fields{};
  http::body body{};
  /// Wait for the server's consent before the body is sent. Source: RFC 9110, 10.1.1.
  bool expect_continue = false;
  /// See `request_options::stop_at_answer`.
  bool stop_at_answer = false;
  /// See `request_options::on_interim`.
  interim_hook on_interim{};
  /// See `request_options::recorder`.
  std::shared_ptr<exchange_recorder> recorder{};
};

}  // namespace hocket::http
