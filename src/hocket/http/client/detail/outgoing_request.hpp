#pragma once

#include <string_view>

#include <hocket/core/task_group.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/client/detail/target_form.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/http/client/tracing.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/interim_hook.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// A request as a connection is given it. Refers to all of it; to be kept until the answer's head is there.
struct outgoing_request {
  std::string_view method;
  const url& target;
  target_form form = target_form::origin;
  const headers& fields;
  /// Those of the session for this request, which take the place of the defaults too.
  const headers* added = nullptr;
  /// For what neither of the two says.
  const headers* defaults = nullptr;
  bool leaves_credentials = false;  // out of the defaults
  /// What is to be spoken on the stream from here on, over HTTP/2 (RFC 8441); empty: HTTP. The rest is as HTTP/1.1 would ask for it.
  std::string_view protocol{};
  body* content = nullptr;  // none; or a body that may be empty
  bool expect_continue = false;
  bool stops_at_answer = false;
  /// Where the sending goes on when an answer below 300 is there; null: it has ended by then.
  task_group* senders = nullptr;
  trace_point trace{};
  interim_hook* on_interim = nullptr;  // null: nobody is told
  /// Is shown the bytes of this exchange, until the answer has been read; null: nobody is.
  exchange_recorder* recorder = nullptr;
};

}  // namespace hocket::http::detail
