// Asking whether something has changed.
#include <string>

#include <http/client/client_peer.hpp>
#include <http/running_server.hpp>

#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::ask_if_changed;
using hocket::http::request_options;
using hocket::http::response;
using hocket::http::router;
using hocket::http::session;
using hocket::http::validators;
using hocket::testing::running_server;

namespace {

HOCKET_TEST(conditional_request, brings_nothing_while_nothing_has_changed) {
  auto folder = co_await hocket::temporary_directory::make();
  co_await hocket::write_file(folder / "page", "first");
  router routes;
  routes.get("/{path:path}", hocket::http::static_files::below(folder.path()));
  running_server server(std::move(routes));
  {
    session web;
    validators known;
    const auto ask = [&]() -> coro<std::string> {
      request_options asked;
      ask_if_changed(asked.fields, known);
      response answer = co_await web.get(server.url("/page"), std::move(asked));
      if (answer.is_not_modified()) {
        EXPECT_EQ(co_await answer.text(), "");
        co_return "not modified";
      }
      known = answer.validators();
      co_return co_await answer.text();
    };
    EXPECT_EQ(co_await ask(), "first");
    EXPECT_FALSE(known.empty());
    EXPECT_EQ(co_await ask(), "not modified");
    EXPECT_EQ(co_await ask(), "not modified") << "on the same connection";
    co_await hocket::write_file(folder / "page", "the second");
    EXPECT_EQ(co_await ask(), "the second");
  }
  co_await server.stop();
  co_await folder.remove();
}

}  // namespace
