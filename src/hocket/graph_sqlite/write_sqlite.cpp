#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/base/utf8.hpp>
#include <hocket/graph/components.hpp>
#include <hocket/graph/degrees.hpp>
#include <hocket/graph/page_rank.hpp>
#include <hocket/graph_sqlite/write_sqlite.hpp>

namespace hocket::graph {
namespace {

// A draft is thrown away if it does not become whole, so it needs no journal and no fsync.
constexpr const char* begin = R"(
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT NOT NULL, status INTEGER, content_type TEXT, bytes INTEGER,
  depth INTEGER, ms INTEGER, error TEXT, redirect INTEGER REFERENCES urls (id), in_degree INTEGER NOT NULL,
  out_degree INTEGER NOT NULL, page_rank REAL NOT NULL, component INTEGER NOT NULL);
CREATE TABLE links (source INTEGER NOT NULL REFERENCES urls (id), target INTEGER NOT NULL REFERENCES urls (id),
  PRIMARY KEY (source, target)) WITHOUT ROWID;
CREATE VIEW named_links AS SELECT s.url AS source, t.url AS target
  FROM links JOIN urls s ON s.id = source JOIN urls t ON t.id = target;
BEGIN;
)";
constexpr const char* end = R"(
CREATE INDEX urls_by_url ON urls (url);
CREATE INDEX links_by_target ON links (target);
COMMIT;
)";

class database {
 public:
  explicit database(const std::string& path) : path_(path) {
    sqlite3* opened = nullptr;  // not null where opening failed either, to say why
    const int code = ::sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    handle_.reset(opened);
    check(code);
  }

  void run(const char* statements) { check(::sqlite3_exec(handle(), statements, nullptr, nullptr, nullptr)); }
  void check(int code) const {
    if (code == SQLITE_OK || code == SQLITE_DONE) return;
    throw error(fmt::format("cannot write '{}': {}", path_, handle_ ? ::sqlite3_errmsg(handle()) : "no memory"));
  }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  struct closer {
    void operator()(sqlite3* open) const noexcept { ::sqlite3_close(open); }
  };

  std::string path_;
  std::unique_ptr<sqlite3, closer> handle_;
};

/// An INSERT that is run again and again; its values are given from left to right.
class insertion {
 public:
  insertion(database& into, const char* statement) : database_(into) {
    into.check(::sqlite3_prepare_v2(into.handle(), statement, -1, &statement_, nullptr));
  }
  ~insertion() { ::sqlite3_finalize(statement_); }
  insertion(const insertion&) = delete;

  insertion& number(std::uint64_t value) {
    return bound(::sqlite3_bind_int64(statement_, ++place_, static_cast<sqlite3_int64>(value)));
  }
  insertion& number(double value) { return bound(::sqlite3_bind_double(statement_, ++place_, value)); }
  insertion& text(std::string_view value) {
    std::string valid;
    append_valid_utf8(valid, value);
    return bound(
        ::sqlite3_bind_text64(statement_, ++place_, valid.data(), valid.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  insertion& null() { return bound(::sqlite3_bind_null(statement_, ++place_)); }

  void run() {
    database_.check(::sqlite3_step(statement_));
    database_.check(::sqlite3_reset(statement_));
    place_ = 0;
  }

 private:
  insertion& bound(int code) {
    database_.check(code);
    return *this;
  }

  database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int place_ = 0;
};

void insert_urls(database& into, const link_graph& graph) {
  const auto degrees = in_degrees(graph);
  const auto ranks = page_rank(graph).values;
  const auto parts = strongly_connected_components(graph).of;
  insertion row(into, "INSERT INTO urls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (node each = 0; each < graph.size(); ++each) {
    const page& what = graph.page_of(each);
    row.number(std::uint64_t{each}).text(graph.url(each));
    if (what.is_known) {
      row.number(std::uint64_t{what.status}).text(graph.text(what.content_type)).number(what.bytes);
      row.number(std::uint64_t{what.depth}).number(std::uint64_t{what.milliseconds});
    } else {
      for (int n = 0; n < 5; ++n) row.null();
    }
    what.error == 0 ? row.null() : row.text(graph.text(what.error));
    const auto redirect = graph.redirect(each);
    redirect ? row.number(std::uint64_t{*redirect}) : row.null();
    row.number(std::uint64_t{degrees[each]}).number(std::uint64_t{graph.links_from(each).size()});
    row.number(ranks[each]).number(std::uint64_t{parts[each]}).run();
  }
}

void insert_links(database& into, const link_graph& graph) {
  insertion row(into, "INSERT INTO links VALUES (?, ?)");
  for (node from = 0; from < graph.size(); ++from)
    for (const node to : graph.links_from(from)) row.number(std::uint64_t{from}).number(std::uint64_t{to}).run();
}

}  // namespace

void write_sqlite(const std::string& path, const link_graph& graph) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  try {
    database made(draft);
    made.run(begin);
    insert_urls(made, graph);
    insert_links(made, graph);
    made.run(end);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
  if (std::rename(draft.c_str(), path.c_str()) == 0) return;
  const int problem = errno;
  ::unlink(draft.c_str());
  throw error(fmt::format("cannot write '{}': {}", path, std::system_category().message(problem)));
}

}  // namespace hocket::graph
