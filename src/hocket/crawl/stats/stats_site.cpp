#include <memory>
#include <string>
#include <utility>

#include <hocket/crawl/stats/stats_page.hpp>
#include <hocket/crawl/stats/stats_site.hpp>
#include <hocket/crawl/stats/stats_text.hpp>
#include <hocket/http/server/loop_metrics.hpp>
#include <hocket/http/server/prometheus_text.hpp>
#include <hocket/http/server/router.hpp>

namespace hocket::crawl {
namespace {

// Nothing but its own script, style and numbers; and no other site may show it or its parts.
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

coro<http::reply> add_fields(http::request& asked, http::next_handler next) {
  http::reply given = co_await next(asked);
  given.headers.set("Cache-Control", "no-store");
  given.headers.set("Content-Security-Policy", policy);
  given.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  given.headers.set("X-Content-Type-Options", "nosniff");
  co_return given;
}

http::reply typed(std::string text, const char* content_type) {
  http::reply given = http::reply::text(std::move(text));
  given.headers.set("Content-Type", content_type);
  return given;
}

http::handler always(const char* text, const char* content_type) {
  return [text, content_type](http::request&) -> coro<http::reply> { co_return typed(text, content_type); };
}

http::router routes_of(const engine& work, const crawl_stats& counted) {
  http::router routes;
  routes.use(add_fields);
  routes.get("/", always(stats_page, "text/html; charset=utf-8"));
  routes.get("/stats.js", always(stats_script, "text/javascript; charset=utf-8"));
  routes.get("/stats.css", always(stats_style, "text/css; charset=utf-8"));
  routes.get("/stats.json", [&work, &counted](http::request&) -> coro<http::reply> {
    co_return http::reply::json(stats_json(work.progress(), counted, process_usage::now()));
  });
  routes.get("/metrics", [&work, &counted](http::request&) -> coro<http::reply> {
    std::string page = stats_metrics(work.progress(), counted, process_usage::now());
    page += co_await http::loop_metrics();
    co_return typed(std::move(page), http::prometheus_text::content_type);
  });
  return routes;
}

}  // namespace

http::virtual_hosts stats_site(const engine& work, const crawl_stats& counted) {
  const auto routes = std::make_shared<http::router>(routes_of(work, counted));
  http::virtual_hosts hosts;
  for (const char* name : {"127.0.0.1", "[::1]", "localhost"})
    hosts.add(name, [routes](http::request& asked) -> coro<http::reply> { co_return co_await (*routes)(asked); });
  return hosts;
}

}  // namespace hocket::crawl
