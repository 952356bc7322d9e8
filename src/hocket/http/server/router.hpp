#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/server/handler.hpp>

namespace hocket::http {

class router;

/// The rest of the way to a handler, as a middleware gets it: further middlewares and the handler itself.
class next_handler {
 public:
  /// Called once at most for a request. Throws what those throw.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<reply> operator()(request& asked) const;

 private:
  friend class router;
  next_handler(router& owner, std::size_t done) noexcept : owner_(&owner), done_(done) {}

  router* owner_;
  std::size_t done_;  // middlewares
};

/// What runs around handlers: it may look at a request, answer it itself, change the reply, catch what the rest throws. The
/// `next_handler` lives as long as the coroutine that it was given to.
using middleware = function<coro<reply>(request&, next_handler)>;

/// Chooses the handler of a request by its path and method; a handler itself.
///
///     router routes;
///     routes.get("/users/{id:int}", [](request& asked) -> coro<reply> {
///       co_return reply::text(fmt::format("user {}", asked.parameter<int>("id")));
///     });
///     server web(std::move(routes));
///
/// A pattern is a path whose parts in braces match any one segment that is not empty: `{name}`; one that is a whole number:
/// `{name:int}`; or, at the end, all that is left, slashes included, which may be nothing: `{name:path}`. A segment as it is written
/// goes before one in braces, and numbers before names. Paths are compared percent-decoded, segment by segment ("%2F" is no slash);
/// "/a" and "/a/" are two.
///
/// HEAD is answered by the handler of GET, OPTIONS with the methods that there are (204, Allow), unless they have handlers of their own. A
/// path that is known but not with that method is 405 with Allow; any other is 404. A path that cannot be decoded is 400.
/// Routes are added before the first request. Belongs to one loop. Counterpart: aiohttp.web.Application, UrlDispatcher.
class router {
 public:
  router();
  router(router&&) noexcept;
  router& operator=(router&&) noexcept;
  ~router();

  /// Throws `hocket::error` of a pattern that is malformed, or taken with that method.
  void add(std::string_view method, std::string_view pattern, handler answer);
  void get(std::string_view pattern, handler answer) { add("GET", pattern, std::move(answer)); }
  void post(std::string_view pattern, handler answer) { add("POST", pattern, std::move(answer)); }
  void put(std::string_view pattern, handler answer) { add("PUT", pattern, std::move(answer)); }
  void patch(std::string_view pattern, handler answer) { add("PATCH", pattern, std::move(answer)); }
  void delete_(std::string_view pattern, handler answer) { add("DELETE", pattern, std::move(answer)); }
  /// For every method that has no handler of its own.
  void any(std::string_view pattern, handler answer) { add("*", pattern, std::move(answer)); }

  /// Gives all paths below `prefix` (`/api`: "/api/..." and "/api") to another router, with its middlewares, whose patterns begin there:
  /// "/users" for "/api/users". Throws as `add`. Counterpart: Application.add_subapp.
  void mount(std::string_view prefix, router below);

  /// Puts a middleware around all handlers, also of routers below and of what is not found; the first that was added is the outermost.
  void use(middleware around);

  /// Answers a request. Throws `http_error` (400, 404, 405) and what middlewares and handlers throw.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<reply> operator()(request& asked);

 private:
  friend class next_handler;
  class tree;

  [[nodiscard]] HOCKET_CORO_WRAPPER coro<reply> go_on(request& asked, std::size_t done);
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<reply> dispatch(request& asked);

  std::unique_ptr<tree> tree_;
  std::vector<middleware> middlewares_;
};

}  // namespace hocket::http
