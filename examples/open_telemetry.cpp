// One trace through tasks, an HTTP request, a thread and another process: a context variable carries it, the field `traceparent`, and the
// variable TRACEPARENT. Prints each span when it ends, as OpenTelemetry's collectors take it (spans.hpp).
// Run: open_telemetry
#include <cstdlib>
#include <map>
#include <string>

#include <hocket/http.hpp>

#include "program.hpp"
#include "spans.hpp"

namespace http = hocket::http;

trace_context context_of_this_process() {
  const char* const given = std::getenv("TRACEPARENT");
  return trace_context::parse(given != nullptr ? given : "").value_or(trace_context{});
}

/// On a thread, which has the context of who awaits it.
std::string compute() {
  const span here("compute");
  return "42";
}

/// By this program once more.
hocket::coro<void> ask_another_process() {
  const span here("ask another process");
  std::map<std::string, std::string> environment{{"TRACEPARENT", current_trace.get().traceparent()}};
  auto child = co_await hocket::create_subprocess_exec({"/proc/self/exe", "--answer"}, {.env = std::move(environment)});
  co_await child.wait();
}

hocket::coro<http::reply> answer(http::request&) {
  const std::string found = co_await hocket::to_thread(compute);
  co_await ask_another_process();
  co_return http::reply::text(found + "\n");
}

/// Around all handlers of a server.
hocket::coro<http::reply> trace_request(http::request& asked, http::next_handler next) {
  const auto sent = asked.headers().get("traceparent");
  span here(fmt::format("{} {}", asked.method(), asked.path()), span_kind::server,
            trace_context::parse(sent.value_or("")).value_or(trace_context{}));
  http::reply given = co_await next(asked);
  here.set("http.response.status_code", std::to_string(given.status));
  co_return given;
}

/// Around all requests of a session.
hocket::coro<http::response> trace_sending(http::request_message& asked, http::request_sender& next) {
  const span here(fmt::format("{} {}", asked.method, asked.target.path()), span_kind::client);
  asked.fields.set("traceparent", current_trace.get().traceparent());
  co_return co_await next(asked);
}

hocket::coro<std::string> ask(std::string url) {
  http::session_options options;
  options.middlewares.emplace_back(trace_sending);
  http::session web(std::move(options));
  auto given = co_await web.get(url);
  co_return co_await given.text();
}

hocket::coro<void> ask_and_answer() {
  const span whole("program", span_kind::internal, context_of_this_process());
  const task_spans every_task;
  http::router routes;
  routes.use(trace_request);
  routes.get("/answer", answer);
  http::server server(std::move(routes));
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  auto serving = hocket::create_task(server.serve(listener), {.name = "serve"});
  auto url = fmt::format("http://{}/answer", listener.local_address().to_string());
  co_await hocket::create_task(ask(std::move(url)), {.name = "ask"});
  serving.cancel();
  co_await hocket::wait(std::vector{serving});
}

hocket::coro<void> answer_for_another_process() {
  const span here("another process", span_kind::internal, context_of_this_process());
  co_return;
}

int main(int argc, char** argv) {
  bool is_child = false;
  CLI::App options("Traces its own work, in the form of OpenTelemetry.", "open_telemetry");
  options.add_flag("--answer", is_child, "be the other process");
  read_command_line(options, argc, argv);
  return run_program(options, is_child ? answer_for_another_process() : ask_and_answer());
}
