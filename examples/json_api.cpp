// A JSON API over a list of notes: a router with typed parts of the path, limits, one reply for each error.
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

hocket::coro<void> serve(std::uint16_t port) {
  notes kept;
  http::server server(routes_to(kept),
                      {.request_ids = http::request_id_options{},
                       .wall_clock = hocket::system_wall_clock,
                       .on_answered = http::access_log_to_stdout({.wall_clock = hocket::system_wall_clock})});
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("serving notes at http://{}/notes\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  CLI::App options("Keeps notes.", "json_api");
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(port));
}
