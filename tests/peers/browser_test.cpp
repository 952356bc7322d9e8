// A browser, Chromium without a window, uses our server as browsers do: it loads a page in a content coding, posts a form, sends a file, listens
// to events, and talks over a websocket, by HTTP/1.1 and by HTTP/2. Each page leads to the next one by itself; the last one tells what it has heard.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <http/running_server.hpp>
#include <http/secure_servers.hpp>
#include <io/temporary_directory.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/event_stream.hpp>
#include <hocket/http/server/read_form.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/sync/event.hpp>

using hocket::coro;
namespace http = hocket::http;
using hocket::testing::peer_process;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;

namespace {

constexpr const char* form_page = R"(<!DOCTYPE html><meta charset="utf-8"><title>Form</title>
<form method="post"><input name="text" value="zwei Wörter &amp; mehr"><input name="box" type="checkbox" checked></form>
<script>document.forms[0].submit()</script>)";

constexpr const char* upload_page = R"(<!DOCTYPE html><meta charset="utf-8"><title>Upload</title>
<form method="post" enctype="multipart/form-data"><input name="note" value="a file"><input name="file" type="file"></form>
<script>
const chosen = new DataTransfer();
chosen.items.add(new File(["x".repeat(1000000)], 'ä "1".txt', {type: "text/plain"}));
document.forms[0].file.files = chosen.files;
document.forms[0].submit();
</script>)";

constexpr const char* events_page = R"(<!DOCTYPE html><meta charset="utf-8"><title>Events</title>
<script>
const heard = [], source = new EventSource("/feed");
const note = event => {
  heard.push(`${event.type}:${event.lastEventId}:${event.data}`);
  if (event.type == "last") { source.close(); fetch("/heard", {method: "POST", body: heard.join("|")}); }
};
source.onmessage = note;
source.addEventListener("last", note);
</script>)";

// Twelve streams: a browser makes six connections to a server by HTTP/1.1, and no more.
constexpr const char* many_streams_page = R"(<!DOCTYPE html><meta charset="utf-8"><title>Many event streams</title>
<script>
const sources = [], heard = [];
let open = 0;
for (let i = 0; i < 12; ++i) {
  const source = new EventSource(`/feed/${i}`);
  sources.push(source);
  source.onopen = () => { if (++open == 12) fetch("/publish", {method: "POST"}); };
  source.onmessage = event => {
    heard.push(event.data);
    if (heard.length != 12) return;
    for (const each of sources) each.close();
    fetch("/heard", {method: "POST", body: heard.sort((a, b) => a - b).join()});
  };
}
</script>)";

constexpr const char* websocket_page = R"(<!DOCTYPE html><meta charset="utf-8"><title>WebSocket</title>
<script>
const heard = [], socket = new WebSocket(location.href.replace(/^http/, "ws") + "talk", ["v1", "v2"]);
socket.binaryType = "arraybuffer";
socket.onopen = () => {
  heard.push(socket.protocol, socket.extensions.split(";")[0]);
  socket.send("zwei Wörter");
  socket.send("x".repeat(1000000));
  socket.send(new Uint8Array([0, 255]));
};
socket.onmessage = event => {
  heard.push(typeof event.data == "string" ? event.data.slice(0, 20) + event.data.length : new Uint8Array(event.data).join());
  if (typeof event.data != "string") socket.close(4000, "genug");
};
socket.onclose = event => {
  heard.push(`${event.code}:${event.wasClean}`);
  fetch("/heard", {method: "POST", body: heard.join("|")});
};
</script>)";

/// What the browser has sent.
struct seen {
  std::string form;
  std::string upload;
  std::string heard;
  std::string again;    // the id with which the event stream was asked for a second time
  std::string version;  // by which the event stream or the websocket was asked for
  hocket::event is_done;
};

coro<void> tell_events(http::event_writer& events, bool is_second) {
  if (is_second) {
    co_await events.send({.data = "that is all", .type = "last"});
  } else {
    co_await events.retry(std::chrono::milliseconds(10));
    co_await events.send("two\nlines");
    co_await events.send({.data = "ä", .id = "7"});
  }
}

http::router pages(seen& all) {
  http::router routes;
  routes.use(http::compression({.least_bytes = 1}));
  const auto page = [](const char* text) {
    return [text](http::request&) -> coro<http::reply> { co_return http::reply::html(text); };
  };
  routes.get("/", page(form_page));
  routes.post("/", [&all](http::request& asked) -> coro<http::reply> {
    for (const auto& [name, value] : (co_await http::read_form(asked)).fields) all.form += name + "=" + value + "|";
    co_return http::reply::redirect("/upload");
  });
  routes.get("/upload", page(upload_page));
  routes.post("/upload", [&all](http::request& asked) -> coro<http::reply> {
    auto form = co_await http::read_form(asked);
    const auto* file = form.file("file");
    if (file == nullptr) throw http::http_error(400);
    all.upload = fmt::format("{}|{}|{}|{}", form.require("note"), file->filename, file->content_type, file->size_bytes);
    co_return http::reply::redirect("/events");
  });
  routes.get("/events", page(events_page));
  routes.get("/feed", [&all](http::request& asked) -> coro<http::reply> {
    const auto last = http::last_event_id(asked);
    all.again = last.value_or("");
    all.version = asked.version();
    co_return http::event_stream([is_second = last.has_value()](http::event_writer& events) -> coro<void> {
      co_await tell_events(events, is_second);
    });
  });
  routes.post("/heard", [&all](http::request& asked) -> coro<http::reply> {
    all.heard = co_await asked.read();
    all.is_done.set();
    co_return http::reply{.status = 204};
  });
  return routes;
}

/// What is known of the event streams that a browser listens to at once.
struct listeners {
  int count = 0;
  std::set<std::string> connections;
  std::string heard;
  hocket::event is_published;
  hocket::event is_done;
  hocket::event have_left;
};

/// Listens until it is cancelled, which happens when the browser closes the stream.
coro<void> tell_news(http::event_writer& events, listeners& all, std::string number) {
  struct listener {
    listeners& all;
    explicit listener(listeners& of) : all(of) { ++all.count; }
    ~listener() {
      if (--all.count == 0) all.have_left.set();
    }
  } const one(all);
  co_await events.comment();
  co_await all.is_published.wait();
  co_await events.send(number);
  co_await hocket::sleep(hocket::testing::patience);
}

http::router many_feeds(listeners& all) {
  http::router routes;
  routes.get("/", [](http::request&) -> coro<http::reply> { co_return http::reply::html(many_streams_page); });
  routes.get("/feed/{number}", [&all](http::request& asked) -> coro<http::reply> {
    all.connections.insert(fmt::format("{} {}", asked.version(), asked.peer().to_string()));
    std::string number(asked.parameter("number"));
    co_return http::event_stream(
        [&all, number](http::event_writer& events) -> coro<void> { co_await tell_news(events, all, number); });
  });
  routes.post("/publish", [&all](http::request&) -> coro<http::reply> {
    all.is_published.set();
    co_return http::reply{.status = 204};
  });
  routes.post("/heard", [&all](http::request& asked) -> coro<http::reply> {
    all.heard = co_await asked.read();
    all.is_done.set();
    co_return http::reply{.status = 204};
  });
  return routes;
}

http::router talk(seen& all) {
  http::router routes;
  routes.get("/", [](http::request&) -> coro<http::reply> { co_return http::reply::html(websocket_page); });
  routes.get("/talk", [&all](http::request& asked) -> coro<http::reply> {
    const auto echo = [&all](http::websocket& socket) -> coro<void> {
      try {
        while (auto message = co_await socket.receive()) {
          if (message->is_text)
            co_await socket.send_text(message->data);
          else
            co_await socket.send_binary(message->data);
        }
      } catch (const http::websocket_closed& end) {
        all.form = fmt::format("{} {}", end.code(), end.reason());
      }
    };
    all.version = asked.version();
    http::accept_websocket_options options{.subprotocols = {"v2"}};
    co_return accept_websocket(asked, echo, std::move(options));
  });
  routes.post("/heard", [&all](http::request& asked) -> coro<http::reply> {
    all.heard = co_await asked.read();
    all.is_done.set();
    co_return http::reply{.status = 204};
  });
  return routes;
}

std::optional<std::string> find_browser() {
  for (const char* name : {"chromium-headless-shell", "chromium"})
    if (hocket::testing::find_program(name)) return name;
  return std::nullopt;
}

/// The browser, which loads this page of ours.
peer_process browser_at(const std::string& program, const std::string& url, const temporary_directory& profile) {
  return peer_process({program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                       "--no-first-run", "--no-proxy-server", "--ignore-certificate-errors",
                       "--user-data-dir=" + profile.path(), url});
}

http::server_options with_tls() {
  http::server_options options;
  options.tls = hocket::testing::server_here();
  return options;
}

/// All pages, at a server with these options; gives the version by which the browser has asked for events.
coro<std::string> version_of_visit(std::string program, http::server_options options) {
  seen all;
  running_server server(pages(all), std::move(options));
  const temporary_directory profile;
  {
    const peer_process browser = browser_at(program, server.url(), profile);
    co_await all.is_done.wait();
  }
  EXPECT_EQ(all.form, "text=zwei Wörter & mehr|box=on|");
  EXPECT_EQ(all.upload, "a file|ä \"1\".txt|text/plain|1000000");
  EXPECT_EQ(all.again, "7");
  EXPECT_EQ(all.heard, "message::two\nlines|message:7:ä|last:7:that is all");
  co_await server.stop();
  co_return all.version;
}

/// A whole conversation with a server with these options; gives the version by which the browser has asked for it.
coro<std::string> version_of_talk(std::string program, http::server_options options) {
  seen all;
  running_server server(talk(all), std::move(options));
  const temporary_directory profile;
  {
    const peer_process browser = browser_at(program, server.url(), profile);
    co_await all.is_done.wait();
  }
  EXPECT_EQ(all.heard, "v2|permessage-deflate|zwei Wörter11|xxxxxxxxxxxxxxxxxxxx1000000|0,255|4000:true");
  EXPECT_EQ(all.form, "4000 genug");
  co_await server.stop();
  co_return all.version;
}

}  // namespace

HOCKET_PEER_TEST(browser, loads_pages_posts_forms_sends_files_and_hears_events) {
  const auto program = find_browser();
  if (!program) co_return hocket::testing::skip_for_want_of("chromium-headless-shell");
  EXPECT_EQ(co_await version_of_visit(*program, {}), "HTTP/1.1");
}

HOCKET_PEER_TEST(browser, loads_pages_posts_forms_sends_files_and_hears_events_by_http_2) {
  const auto program = find_browser();
  if (!program) co_return hocket::testing::skip_for_want_of("chromium-headless-shell");
  EXPECT_EQ(co_await version_of_visit(*program, with_tls()), "HTTP/2.0");
}

HOCKET_PEER_TEST(browser, listens_to_many_event_streams_over_one_connection_of_http_2) {
  const auto program = find_browser();
  if (!program) co_return hocket::testing::skip_for_want_of("chromium-headless-shell");
  listeners all;
  http::server_options options = with_tls();
  options.cancel_on_disconnect = true;
  running_server server(many_feeds(all), std::move(options));
  const temporary_directory profile;
  const peer_process browser = browser_at(*program, server.url(), profile);
  co_await all.is_done.wait();
  EXPECT_EQ(all.heard, "0,1,2,3,4,5,6,7,8,9,10,11");
  EXPECT_EQ(all.connections.size(), 1U);
  EXPECT_TRUE(all.connections.begin()->starts_with("HTTP/2.0 "));
  co_await all.have_left.wait();  // which the browser tells by resetting each stream: the connection stays
  co_await server.stop();
}

HOCKET_PEER_TEST(browser, talks_over_a_websocket) {
  const auto program = find_browser();
  if (!program) co_return hocket::testing::skip_for_want_of("chromium-headless-shell");
  EXPECT_EQ(co_await version_of_talk(*program, {}), "HTTP/1.1");
}

HOCKET_PEER_TEST(browser, talks_over_a_websocket_on_a_stream_of_http_2) {
  const auto program = find_browser();
  if (!program) co_return hocket::testing::skip_for_want_of("chromium-headless-shell");
  EXPECT_EQ(co_await version_of_talk(*program, with_tls()), "HTTP/2.0");
}
