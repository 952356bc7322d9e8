#include <filesystem>
#include <string>
#include <vector>

#include <crawl/small_files.hpp>
#include <fmt/format.h>
#include <io/temporary_directory.hpp>
#include <nlohmann/json.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::create_task;
using hocket::crawl::line_file;
using hocket::crawl::output;
using hocket::testing::content_of;
using hocket::testing::ends_cancelled;
using hocket::testing::small_files;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

const std::string header = "source_url\tparsed_url\n";

template <class T>
std::string error_text(const std::expected<T, std::exception_ptr>& outcome) {
  if (outcome) return "";
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::error& problem) {
    return problem.what();
  }
}

void add_link(output& out, std::string_view source, std::string_view link) {
  const std::vector<hocket::crawl::page_link> links{{*hocket::url::parse(link), false}};
  out.add_page({.url = source, .final_url = source}, links);
}

HOCKET_TEST(output, makes_the_directory_and_its_files) {
  const temporary_directory folder;
  output out = co_await output::open(folder / "new");
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "new/links.tsv"), header);
  EXPECT_TRUE(std::filesystem::exists(folder / "new/pages.jsonl"));
}

HOCKET_TEST(output, empties_what_an_earlier_crawl_left) {
  const temporary_directory folder;
  write_file(folder / "links.tsv", "old");
  write_file(folder / "pages.jsonl", "old");
  output out = co_await output::open(folder.path());
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "links.tsv"), header);
  EXPECT_EQ(content_of(folder / "pages.jsonl"), "");
}

HOCKET_TEST(output, writes_a_row_for_a_link) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  add_link(out, "http://a/", "http://b/");
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "links.tsv"), header + "http://a/\thttp://b/\n");
}

HOCKET_TEST(output, writes_an_object_for_a_page) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  out.add_page({.url = "http://a/",
                .final_url = "http://a/b",
                .status = 200,
                .content_type = "text/html; charset=\"x\"",
                .bytes = 5'000'000'000,
                .depth = 2,
                .links = 3,
                .milliseconds = 40,
                .error = ""},
               {});
  co_await out.flush();
  const auto page = nlohmann::json::parse(content_of(folder / "pages.jsonl"));
  const nlohmann::json expected = {{"url", "http://a/"},
                                   {"final_url", "http://a/b"},
                                   {"status", 200},
                                   {"content_type", "text/html; charset=\"x\""},
                                   {"bytes", 5'000'000'000},
                                   {"depth", 2},
                                   {"links", 3},
                                   {"ms", 40},
                                   {"error", nullptr}};
  EXPECT_EQ(page, expected);
}

HOCKET_TEST(output, a_page_that_failed_has_its_error) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  out.add_page({.url = "http://a/", .final_url = "http://a/", .content_type = "", .error = "cannot connect"}, {});
  co_await out.flush();
  EXPECT_EQ(nlohmann::json::parse(content_of(folder / "pages.jsonl"))["error"], "cannot connect");
}

HOCKET_TEST(output, nothing_from_a_server_breaks_a_line) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  const std::string_view nasty("\"\\\n\r\t\0\x01\x7f\x80\xff\xed\xa0\x80 \xc3\xa4 \xe2\x80\xa8", 21);
  out.add_page({.url = "u", .final_url = "f", .content_type = nasty, .error = nasty}, {});
  co_await out.flush();
  const std::string text = content_of(folder / "pages.jsonl");
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
}

HOCKET_TEST(output, writes_elements_into_files_of_their_own) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  const hocket::crawl::page_elements elements{.wanted = {.resources = true, .fragments = true},
                                              .resources = {{"http://a/x.png", hocket::crawl::resource_kind::img},
                                                            {"http://a/s", hocket::crawl::resource_kind::import}},
                                              .anchors = {"top", "a\tb%"},
                                              .fragment_links = {{"http://a/c", "d%20e"}}};
  out.add_page({.url = "http://a/", .final_url = "http://a/b", .elements = &elements}, {});
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "resources.tsv"),
            "source_url\tparsed_url\tkind\nhttp://a/b\thttp://a/x.png\timg\nhttp://a/b\thttp://a/s\timport\n");
  EXPECT_EQ(content_of(folder / "anchors.tsv"), "page_url\tanchor\nhttp://a/b\ttop\nhttp://a/b\ta%09b%25\n");
  EXPECT_EQ(content_of(folder / "fragments.tsv"), "source_url\tparsed_url\tfragment\nhttp://a/b\thttp://a/c\td%20e\n");
}

HOCKET_TEST(output, writes_links_that_are_not_to_be_followed_once_more) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  const std::vector<hocket::crawl::page_link> links{{*hocket::url::parse("http://a/x"), false},
                                                    {*hocket::url::parse("http://a/y"), true}};
  out.add_page({.url = "http://a/", .final_url = "http://a/"}, links);
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "links.tsv"), header + "http://a/\thttp://a/x\nhttp://a/\thttp://a/y\n");
  EXPECT_EQ(content_of(folder / "nofollow.tsv"), header + "http://a/\thttp://a/y\n");
}

// The position is told while nothing is written yet; what was added after it is gone when the crawl goes on.
HOCKET_TEST(output, goes_on_where_its_position_was_in_each_of_its_files) {
  const temporary_directory folder;
  const hocket::crawl::page_elements elements{.wanted = {.resources = true, .fragments = true},
                                              .resources = {{"http://a/x", hocket::crawl::resource_kind::img}},
                                              .anchors = {"here"},
                                              .fragment_links = {{"http://a/c", "there"}}};
  const auto add = [&](output& to, std::string_view url) {
    const std::vector<hocket::crawl::page_link> links{{*hocket::url::parse("http://b/"), true}};
    to.add_page({.url = url, .final_url = url, .elements = &elements}, links);
    to.add_item(url, "1");
  };
  std::string nowhere, position;
  {
    output out = co_await output::open(folder.path());
    nowhere = out.position();
    add(out, "http://a/1");
    position = out.position();
    co_await out.flush();
    EXPECT_EQ(out.position(), position);
    add(out, "http://a/2");
    co_await out.flush();
    co_await out.sync();
  }
  const std::vector<std::string> names{"links.tsv",   "pages.jsonl",   "items.jsonl", "resources.tsv",
                                       "anchors.tsv", "fragments.tsv", "nofollow.tsv"};
  {
    output out = co_await output::reopen(folder.path(), position);
    EXPECT_EQ(out.position(), position);
    for (const auto& name : names) EXPECT_EQ(content_of(folder / name).find("http://a/2"), std::string::npos) << name;
    add(out, "http://a/3");
    co_await out.flush();
  }
  for (const auto& name : names) {
    EXPECT_NE(content_of(folder / name).find("http://a/1"), std::string::npos) << name;
    EXPECT_NE(content_of(folder / name).find("http://a/3"), std::string::npos) << name;
  }
  output again = co_await output::reopen(folder.path(), nowhere);
  for (const auto& name : names)
    if (name != "links.tsv" && name != "pages.jsonl") EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
}

/// A crawl of one page whose files can be gone on with; gives its position.
coro<std::string> written_by_a_crawl(std::string directory) {
  output out = co_await output::open(std::move(directory));
  add_link(out, "http://a/", "http://a/x");
  std::string position = out.position();
  co_await out.flush();
  co_await out.sync();
  co_return position;
}

HOCKET_TEST(output, of_another_crawl_is_not_gone_on_with_and_stays_as_it_was) {
  const temporary_directory folder;
  const std::string position = co_await written_by_a_crawl(folder / "mine");
  static_cast<void>(co_await written_by_a_crawl(folder / "other"));
  write_file(folder / "other/pages.jsonl", std::string(1000, 'x'));
  EXPECT_NE(position, co_await written_by_a_crawl(folder / "third"));
  const auto outcome = co_await hocket::as_result(output::reopen(folder / "other", position));
  EXPECT_EQ(error_text(outcome), "'" + folder / "other" +
                                     "' does not hold the files of this crawl: give --out the directory where it "
                                     "began");
  EXPECT_EQ(content_of(folder / "other/pages.jsonl"), std::string(1000, 'x'));
}

HOCKET_TEST(output, that_is_not_there_is_not_gone_on_with_and_not_made) {
  const temporary_directory folder;
  const std::string position = co_await written_by_a_crawl(folder / "mine");
  EXPECT_FALSE(co_await hocket::as_result(output::reopen(folder / "none", position)));
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
}

HOCKET_TEST(output, whose_files_were_replaced_by_a_crawl_that_keeps_nothing_is_not_gone_on_with) {
  const temporary_directory folder;
  const std::string position = co_await written_by_a_crawl(folder.path());
  {
    output out = co_await output::open(folder.path());
    co_await out.flush();
  }
  EXPECT_FALSE(co_await hocket::as_result(output::reopen(folder.path(), position)));
}

HOCKET_TEST(output, cuts_none_of_its_files_if_one_is_too_short) {
  const temporary_directory folder;
  const std::string position = co_await written_by_a_crawl(folder.path());
  write_file(folder / "links.tsv", content_of(folder / "links.tsv") + "more");
  write_file(folder / "pages.jsonl", "short");
  EXPECT_THROW(static_cast<void>(co_await output::reopen(folder.path(), position)), hocket::crawl::lines_missing);
  EXPECT_TRUE(content_of(folder / "links.tsv").ends_with("more"));
}

HOCKET_TEST(output, makes_no_file_for_elements_that_are_not_there_and_takes_earlier_ones_away) {
  const temporary_directory folder;
  write_file(folder / "resources.tsv", "old");
  output out = co_await output::open(folder.path());
  const hocket::crawl::page_elements none;
  out.add_page({.url = "http://a/", .final_url = "http://a/", .elements = &none}, {});
  co_await out.flush();
  for (const auto* name : {"resources.tsv", "anchors.tsv", "fragments.tsv", "items.jsonl", "nofollow.tsv"})
    EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
}

HOCKET_TEST(output, is_full_when_there_is_enough_to_be_worth_a_write) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  add_link(out, "http://a/", "http://b/");
  EXPECT_FALSE(out.is_full());
  for (int n = 0; n < 20'000; ++n) add_link(out, "http://a/", "http://b/");
  EXPECT_TRUE(out.is_full());
  co_await out.flush();
  EXPECT_FALSE(out.is_full());
  EXPECT_GT(content_of(folder / "links.tsv").size(), 256U * 1024);
}

HOCKET_TEST(output, items_go_to_a_file_of_their_own_with_their_page) {
  const temporary_directory folder;
  write_file(folder / "items.jsonl", "old");
  output out = co_await output::open(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / "items.jsonl"));
  out.add_item("http://a/", R"({"price":1})");
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "items.jsonl"), "{\"page\":\"http://a/\",\"item\":{\"price\":1}}\n");
}

HOCKET_TEST(output, lines_added_while_a_write_is_under_way_come_after_it) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  std::string expected = header;
  std::vector<hocket::task<void>> flushes;
  for (int n = 0; n < 100; ++n) {
    const std::string name = fmt::format("http://a/{}", n);
    add_link(out, name, name);
    expected += name + "\t" + name + "\n";
    flushes.push_back(create_task(out.flush()));
    co_await hocket::sleep(hocket::duration::zero());
  }
  for (auto& each : flushes) co_await each;
  EXPECT_EQ(content_of(folder / "links.tsv"), expected);
}

HOCKET_TEST(output, the_summary_takes_the_place_of_the_old_one_as_a_whole) {
  const temporary_directory folder;
  write_file(folder / "summary.json", "a longer text that was there before");
  output out = co_await output::open(folder.path());
  co_await out.finish("{}\n");
  EXPECT_EQ(content_of(folder / "summary.json"), "{}\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "summary.json.new"));
}

// ---- errors

HOCKET_TEST(output, says_which_directory_it_cannot_make) {
  const temporary_directory folder;
  write_file(folder / "file", "");
  EXPECT_EQ(error_text(co_await hocket::as_result(output::open(folder / "file/sub"))),
            fmt::format("cannot make '{}/file/sub': Not a directory", folder.path()));
}

HOCKET_TEST(output, says_which_file_it_cannot_write) {
  const temporary_directory folder;
  std::filesystem::create_directory(folder / "links.tsv");
  EXPECT_EQ(error_text(co_await hocket::as_result(output::open(folder.path()))),
            fmt::format("cannot write '{}/links.tsv': Is a directory", folder.path()));
}

HOCKET_TEST(output, a_file_in_the_place_of_the_directory_is_an_error) {
  const temporary_directory folder;
  write_file(folder / "file", "");
  EXPECT_EQ(error_text(co_await hocket::as_result(output::open(folder / "file"))),
            fmt::format("cannot make '{}/file': Not a directory", folder.path()));
}

HOCKET_TEST(output, makes_the_directories_above_too) {
  const temporary_directory folder;
  output out = co_await output::open(folder / "new/and/deep");
  co_await out.flush();
  EXPECT_EQ(content_of(folder / "new/and/deep/links.tsv"), header);
}

HOCKET_TEST(output, a_directory_that_another_crawl_is_writing_is_refused) {
  const temporary_directory folder;
  output out = co_await output::open(folder.path());
  co_await out.flush();
  EXPECT_EQ(error_text(co_await hocket::as_result(output::open(folder.path()))),
            fmt::format("'{}/links.tsv' is being written by another process", folder.path()));
  EXPECT_EQ(content_of(folder / "links.tsv"), header);
}

HOCKET_TEST(output, takes_an_earlier_summary_away) {
  const temporary_directory folder;
  write_file(folder / "summary.json", "{}");
  output out = co_await output::open(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / "summary.json"));
}

HOCKET_TEST(output, a_file_that_may_not_grow_is_an_error_with_its_name) {
  const temporary_directory folder;
  line_file file = co_await line_file::create(folder / "lines");
  file.lines() += "no room\n";
  const small_files limit(0);
  EXPECT_EQ(error_text(co_await hocket::as_result(file.flush())),
            fmt::format("cannot write '{}/lines': File too large", folder.path()));
}

HOCKET_TEST(output, a_write_that_fails_half_way_leaves_complete_lines) {
  const temporary_directory folder;
  line_file file = co_await line_file::create(folder / "lines");
  file.lines() += "first line\n";
  co_await file.flush();
  {
    const small_files limit(10'005);
    for (int n = 0; n < 2000; ++n) file.lines() += "0123456789\n";
    EXPECT_NE(error_text(co_await hocket::as_result(file.flush())), "");
  }
  EXPECT_EQ(content_of(folder / "lines"), "first line\n");
}

// ---- cancellation

// A flush that is cancelled at any point loses no line and tears none: the next one writes what is missing.
HOCKET_TEST(output, a_cancelled_flush_loses_no_line) {
  for (int turns = 0; turns < 6; ++turns) {
    const temporary_directory folder;
    line_file file = co_await line_file::create(folder / "lines");
    std::string expected;
    for (int n = 0; n < 1000; ++n) expected += fmt::format("line {}\n", n);
    file.lines() = expected;
    auto flushing = create_task(file.flush());
    for (int n = 0; n < turns; ++n) co_await hocket::sleep(hocket::duration::zero());
    flushing.cancel();
    static_cast<void>(co_await ends_cancelled(flushing));
    file.lines() += "last\n";
    co_await file.flush();
    EXPECT_TRUE(content_of(folder / "lines") == expected + "last\n") << "cancelled after " << turns << " turns";
  }
}

}  // namespace
