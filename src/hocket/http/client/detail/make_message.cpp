#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/make_message.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/url/form_urlencoded.hpp>

namespace hocket::http::detail {
namespace {

url with_query(url target, const std::vector<form_field>& fields) {
  if (fields.empty()) return target;
  const url bare = target.without_fragment();
  std::string text = bare.href();
  if (!bare.has_query())
    text += '?';
  else if (!bare.query().empty())
    text += '&';
  text += serialize_form_urlencoded(fields);
  if (target.has_fragment()) text.append("#").append(target.fragment());
  auto made = url::parse(text);
  if (!made) throw client_error(fmt::format("the query does not fit: {}", describe(made.error())));
  return std::move(*made);
}

void send_as(request_message& made, body content, std::string_view type) {
  made.body = std::move(content);
  if (!made.fields.contains("Content-Type")) made.fields.add("Content-Type", type);
}

}  // namespace

request_message make_message(std::string method, url target, request_options& options) {
  if (!is_token(method)) throw client_error("the method is not a token");
  if (method == "CONNECT") throw client_error("CONNECT is for proxies: see session_options::proxies");
  request_message made{.method = std::move(method),
                       .target = with_query(std::move(target), options.query),
                       .fields = std::move(options.fields),
                       .body = std::move(options.body)};
  made.expect_continue = options.expect_continue || made.fields.contains_token("Expect", "100-continue");
  made.stop_at_answer = options.stop_at_answer;
  made.on_interim = std::move(options.on_interim);
  made.recorder = std::move(options.recorder);
  if (!options.form.empty())
    send_as(made, serialize_form_urlencoded(options.form), "application/x-www-form-urlencoded");
  else if (options.json)
    send_as(made, std::move(*options.json), "application/json");
  if (options.multipart) {
    const std::string type = options.multipart->content_type();
    send_as(made, std::move(*options.multipart).content(), type);
  }
  return made;
}

}  // namespace hocket::http::detail
