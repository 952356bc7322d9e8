// A JSON API over a list of notes, as it goes into production: a router with typed parts of the path, limits, one reply for each error, pages for
// health and metrics, behind a proxy of the same machine, and its socket from a service manager if there is one (docs/deployment.md).
// Run: json_api [--port P]; then e.g. curl -H 'Content-Type: application/json' -d '{"text": "milk"}' 127.0.0.1:8080/notes
#include <cstdint>
#include <map>
#include <string>

#include <hocket/http.hpp>
#include <hocket/http/json.hpp>

#include "program.hpp"

namespace http = hocket::http;
using nlohmann::json;

/// In memory, for all requests: they share the loop's thread, and no lock is needed.
class notes {
 public:
  json all() const {
    json list = json::array();
    for (const auto& [id, text] : texts_) list.push_back(shown(id, text));
    return list;
  }
  json add(std::string text) {
    texts_[++last_] = text;
    return shown(last_, text);
  }
  json get(int id) const {
    const auto found = texts_.find(id);
    if (found == texts_.end()) throw http::http_error(404, "there is no such note");
    return shown(id, found->second);
  }
  void remove(int id) {
    if (texts_.erase(id) == 0) throw http::http_error(404, "there is no such note");
  }

 private:
  static json shown(int id, const std::string& text) { return {{"id", id}, {"text", text}}; }
  std::map<int, std::string> texts_;
  int last_ = 0;
};

std::string text_of(const json& sent) {
  const auto text = sent.is_object() ? sent.find("text") : sent.end();
  if (text == sent.end() || !text->is_string()) throw http::http_error(400, "a note is {\"text\": \"...\"}");
  return *text;
}

http::router routes_to(notes& kept) {
  http::router routes;
  routes.use(http::error_pages());  // errors as JSON for who asks for JSON
  routes.get("/notes",
             [&kept](http::request&) -> hocket::coro<http::reply> { co_return http::json_reply(kept.all()); });
  routes.post("/notes", [&kept](http::request& asked) -> hocket::coro<http::reply> {
    const json sent = co_await http::read_json(asked, {.size_bytes = 64 * 1024});
    co_return http::json_reply(kept.add(text_of(sent)), 201);
  });
  routes.get("/notes/{id:int}", [&kept](http::request& asked) -> hocket::coro<http::reply> {
    co_return http::json_reply(kept.get(asked.parameter<int>("id")));
  });
  routes.delete_("/notes/{id:int}", [&kept](http::request& asked) -> hocket::coro<http::reply> {
    kept.remove(asked.parameter<int>("id"));
    co_return http::reply{.status = 204};
  });
  return routes;
}

/// At the socket that a service manager passed to this process, or else at the port.
hocket::tcp_listener listen(std::uint16_t port) {
  const auto passed = hocket::take_passed_sockets();
  if (!passed.empty()) return hocket::tcp_listener(passed.front().handle());
  return hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
}

hocket::coro<void> serve(std::uint16_t port) {
  auto listener = listen(port);
  notes kept;
  http::router routes = routes_to(kept);
  http::health health;
  routes.get("/health", health.page());
  http::metrics counted;
  routes.use(counted.in_flight());
  routes.get("/metrics", counted.page());
  const auto log = http::access_log_to_stdout({.wall_clock = hocket::system_wall_clock});
  http::server server(std::move(routes),
                      {.proxies = http::trusted_proxies({*http::ip_network::parse("127.0.0.1")}),
                       .idle = std::chrono::seconds(75),  // longer than the proxy's
                       .request_ids = http::request_id_options{},
                       .wall_clock = hocket::system_wall_clock,
                       .on_answered = [log, count = counted.on_answered()](const auto& asked, const auto& how) {
                         log(asked, how);
                         count(asked, how);
                       }});
  counted.watch(server);
  fmt::print("serving notes at http://{}/notes\n", listener.local_address().to_string());
  hocket::notify_service_manager("READY=1");
  co_await server.serve(listener);
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  CLI::App options("Keeps notes.", "json_api");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(port));
}
