#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/http/detail/connection_fields.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/server_exchange.hpp>

namespace hocket::http::detail {

static constexpr std::size_t largest_in_one_send = 256 * 1024;
static constexpr std::string_view was_cancelled = "it was cancelled";  // by somebody who has no right to

// What is thrown may quote the client.
static std::string in_one_line(std::string_view problem) {
  std::string safe;
  for (const char c : problem) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      fmt::format_to(std::back_inserter(safe), "\\x{:02X}", static_cast<unsigned char>(c));
    else
      safe += c;
  }
  return safe;
}

// ---- the request

// What proxies that pass on requests say. Who is not trusted says nothing.
void server_exchange::introduce() {
  give_id();
  if (!options().proxies || !options().proxies->trusts(client_.address)) return;
  request_origin direct{
      .client = client_.address, .scheme = std::string(client_.scheme), .host = std::string(request_.host())};
  auto found = options().proxies->resolve(std::move(direct), request_.headers());
  if (!found) throw bad_message("the proxies' account of the client is malformed", 400);
  origin_ = std::move(*found);
  request_access::come_from(request_, origin_.client, origin_.scheme);
  request_access::come_for(request_, origin_.host);
}

void server_exchange::introduce_refused() {
  give_id();
  request_access::come_from(request_, client_.address, client_.scheme);
}

void server_exchange::give_id() {
  if (options().request_ids) request_.set(request_id{owner_.ids_.id_for(request_.headers(), *options().request_ids)});
}

// ---- the handler

coro<void> server_exchange::ask_handler(reply& given) {
  std::string problem;
  try {
    given = co_await owner_.handler_(request_);
    if (given.status >= 200 && given.status <= 999) co_return;
    if (given.status == switching_protocols && may_change_protocol()) co_return;
    problem = fmt::format("the handler gave the status {}", given.status);
  } catch (const http_error& known) {
    given = reply::error(known);
    co_return;
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  } catch (const cancelled&) {
    if (is_asked_to_end()) throw;
    problem = was_cancelled;
  } catch (...) {
    problem = "it threw what is no std::exception";
  }
  if (!has_lost_client()) report(problem);
  given = reply::text("the server failed\n", 500);
}

void server_exchange::report(std::string_view problem) const {
  owner_.report(fmt::format("{} {}: {}", request_.method(), request_.target(), in_one_line(problem)));
}

// ---- the reply

coro<void> server_exchange::send_early_hints(const headers& fields) {
  if (sink().has_begun()) throw invalid_state_error("the reply has begun already");
  headers hints;
  for (const auto& [name, value] : fields)
    if (!is_of_connection(name) && !equal_ignoring_case(name, "Content-Length")) hints.add_unchecked(name, value);
  co_await send_interim(103, hints);
}

coro<void> server_exchange::send_reply(reply& given) {
  for (bool may_be_replaced = true;; may_be_replaced = false) {
    try {
      const bool has_body = begin(given);
      const auto bytes = given.body.in_memory();
      if (!has_body)
        co_await sink().send_with("");
      else if (bytes && bytes->size() <= largest_in_one_send)
        co_await sink().send_with(*bytes);
      else
        co_await send_long_body(given);
      co_return;
    } catch (const timeout_error&) {
      co_return give_up(defeat::too_slow);
    } catch (const std::system_error&) {
      co_return give_up(defeat::gone);
    } catch (const http_error&) {
      co_return give_up(defeat::failed);
    } catch (const std::exception& thrown) {  // such as a head that is too large
      report(thrown.what());
      if (!may_be_replaced || sink().has_begun()) co_return give_up(defeat::failed);
    } catch (const cancelled&) {
      if (is_asked_to_end()) throw;
      give_up(defeat::failed);
      report(was_cancelled);
      co_return;
    }
    given = reply::text("the server failed\n", 500);
  }
}

bool server_exchange::begin(reply& given) {
  if (options().request_ids) given.headers.set(request_id_field, request_.get<request_id>()->value);
  return write_head(given);
}

coro<void> server_exchange::write_body(reply& given) {
  std::optional<reply> refusal;
  try {
    co_await given.body.write_to(sink());
    co_await sink().finish();
  } catch (const http_error& known) {
    if (sink().has_begun()) throw;
    refusal = reply::error(known);
  } catch (const std::exception& thrown) {
    if (sink().has_begun()) throw;
    report(thrown.what());
    refusal = reply::text("the server failed\n", 500);
  } catch (const cancelled&) {
    if (sink().has_begun() || is_asked_to_end()) throw;
    report(was_cancelled);
    refusal = reply::text("the server failed\n", 500);
  }
  if (!refusal) co_return;
  given = std::move(*refusal);
  static_cast<void>(begin(given));
  co_await sink().send_with(*given.body.in_memory());
}

coro<void> server_exchange::speak(upgraded_connection& connection) {
  std::string problem;
  try {
    co_await request_.get<protocol_change>()->speak(connection);
    if (connection.stream.is_open()) co_await connection.stream.close();
  } catch (const std::system_error&) {  // the client has gone
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  }
  if (!problem.empty()) report(problem);
}

void server_exchange::tell_of_answer(int status, std::optional<time_point> begun, bool complete,
                                     std::string_view refused_for) {
  ++owner_.requests_;
  if (!options().on_answered) return;
  options().on_answered(request_, {.status = sink().has_sent_head() ? status : 0,
                                   .body_bytes = sink().body_bytes(),
                                   .took = begun ? loop::running().time() - *begun : duration::zero(),
                                   .complete = complete,
                                   .refused_for = refused_for});
}

}  // namespace hocket::http::detail
