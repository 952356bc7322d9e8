#include <filesystem>
#include <string>
#include <vector>

#include <crawl/small_files.hpp>
#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <hocket/graph_sqlite/write_sqlite.hpp>

using hocket::graph::write_sqlite;
using hocket::testing::content_of;
using hocket::testing::crawl_folder;
using hocket::testing::temporary_directory;

namespace {

using rows = std::vector<std::vector<std::string>>;

/// What a question gives, with "NULL" for null.
rows answer(const std::string& path, const char* question) {
  sqlite3* database = nullptr;
  EXPECT_EQ(::sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  rows found;
  const auto take = [](void* to, int count, char** values, char**) {
    auto& row = static_cast<rows*>(to)->emplace_back();
    for (int n = 0; n < count; ++n) row.emplace_back(values[n] ? values[n] : "NULL");
    return 0;
  };
  EXPECT_EQ(::sqlite3_exec(database, question, take, &found, nullptr), SQLITE_OK) << ::sqlite3_errmsg(database);
  ::sqlite3_close(database);
  return found;
}

TEST(write_sqlite, has_urls_and_links) {
  crawl_folder folder;
  folder.page({.url = "http://a/", .depth = 0, .milliseconds = 5, .bytes = 77});
  folder.page({.url = "http://a/x'", .status = 404, .error = "404 Not Found", .content_type = "", .depth = 1});
  folder.page({.url = "http://a/old", .final_url = "http://a/", .status = 301});
  folder.link("http://a/", "http://a/x'").link("http://a/", "http://a/old").link("http://a/", "http://b/");
  const std::string path = folder.path() + "/graph.db";
  write_sqlite(path, folder.read());
  EXPECT_EQ(answer(path,
                   "SELECT url, status, content_type, bytes, depth, ms, error, redirect, in_degree, out_degree "
                   "FROM urls ORDER BY id"),
            (rows{{"http://a/", "200", "text/html", "77", "0", "5", "NULL", "NULL", "0", "3"},
                  {"http://a/x'", "404", "", "10", "1", "1", "404 Not Found", "NULL", "1", "0"},
                  {"http://a/old", "301", "text/html", "10", "0", "1", "NULL", "0", "1", "0"},
                  {"http://b/", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "1", "0"}}));
  EXPECT_EQ(answer(path, "SELECT source, target FROM named_links ORDER BY target"),
            (rows{{"http://a/", "http://a/old"}, {"http://a/", "http://a/x'"}, {"http://a/", "http://b/"}}));
  EXPECT_EQ(answer(path, "SELECT round(sum(page_rank), 6), count(DISTINCT component) FROM urls"), (rows{{"1.0", "3"}}));
  EXPECT_EQ(answer(path, "PRAGMA integrity_check"), (rows{{"ok"}}));
}

TEST(write_sqlite, writes_valid_text_whatever_the_url) {
  crawl_folder folder;
  folder.link("http://a/\xff", "http://a/'); DROP TABLE urls; --");
  const std::string path = folder.path() + "/graph.db";
  write_sqlite(path, folder.read());
  EXPECT_EQ(answer(path, "SELECT * FROM named_links"),
            (rows{{"http://a/\xef\xbf\xbd", "http://a/'); DROP TABLE urls; --"}}));
}

TEST(write_sqlite, takes_the_place_of_what_is_there) {
  crawl_folder folder;
  const std::string path = folder.path() + "/graph.db";
  hocket::testing::write_file(path, "something else");
  write_sqlite(path, folder.link("a", "b").read());
  write_sqlite(path, folder.link("a", "c").read());
  EXPECT_EQ(answer(path, "SELECT count(*) FROM links"), (rows{{"2"}}));
}

TEST(write_sqlite, that_fails_leaves_what_was_there_and_nothing_else) {
  crawl_folder folder;
  folder.link("a", "b");
  const auto graph = folder.read();
  const temporary_directory target;
  hocket::testing::write_file(target / "graph.db", "before");
  {
    const hocket::testing::small_files no_room(0);
    EXPECT_THROW(write_sqlite(target / "graph.db", graph), hocket::error);
  }
  EXPECT_EQ(content_of(target / "graph.db"), "before");
  EXPECT_FALSE(std::filesystem::exists(target / "graph.db.new"));
  EXPECT_THROW(write_sqlite("/nowhere/graph.db", graph), hocket::error);
}

}  // namespace
