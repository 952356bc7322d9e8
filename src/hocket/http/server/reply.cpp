#include <hocket/http/server/reply.hpp>
#include <hocket/http/status.hpp>

namespace hocket::http {

static reply typed(int status, std::string_view content_type, body content) {
  reply made{.status = status, .body = std::move(content)};
  made.headers.add_unchecked("Content-Type", content_type);
  return made;
}

reply reply::text(std::string text, int status) { return typed(status, "text/plain; charset=utf-8", std::move(text)); }
reply reply::html(std::string page, int status) { return typed(status, "text/html; charset=utf-8", std::move(page)); }
reply reply::json(std::string text, int status) { return typed(status, "application/json", std::move(text)); }

reply reply::redirect(std::string_view location, int status) {
  reply made = text(std::string(reason_phrase(status)) + "\n", status);
  made.headers.add("Location", location);
  return made;
}

reply reply::stream(std::string_view content_type, body::producer produce) {
  reply made{.body = body::stream(std::move(produce))};
  made.headers.add("Content-Type", content_type);
  return made;
}

reply reply::error(const http_error& problem) {
  reply made = text(std::string(problem.what()) + "\n", problem.status());
  for (const auto& [name, value] : problem.headers()) made.headers.set(name, value);
  return made;
}

}  // namespace hocket::http
