#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <crawl/small_files.hpp>
#include <crawl/warc/unpacked.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/crawl/warc/warc_archive.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::url;
using hocket::crawl::warc_archive;
using hocket::crawl::warc_options;
using hocket::http::exchange_end;
using hocket::http::exchange_recorder;
using hocket::testing::small_files;
using hocket::testing::temporary_directory;
using hocket::testing::unpacked;
using hocket::testing::values_of;

namespace {

using list = std::vector<std::string>;

warc_options into(const temporary_directory& folder, std::uint64_t file_bytes = 1 << 30) {
  return {.directory = folder.path(), .file_bytes = file_bytes, .wall_clock = [] {
            return std::chrono::sys_seconds(std::chrono::seconds(1'000'000'000));
          }};
}

/// An exchange as a session would show it, whose answer has that body.
coro<void> record(warc_archive& to, std::string where, std::string body, exchange_end how = exchange_end::whole) {
  const auto by = to.record();
  by->began(*url::parse(where), *hocket::socket_address::parse("192.0.2.1", 80), "GET / HTTP/1.1\r\n\r\n");
  by->received("HTTP/1.1 200 OK\r\n\r\n");
  by->answered(200);
  for (std::string_view rest = body; !rest.empty();) {
    const std::string_view piece = rest.substr(0, 100'000);
    rest.remove_prefix(piece.size());
    if (by->is_full()) co_await by->make_room();
    by->received(piece);
    by->content(piece);
  }
  by->ended(how);
}

std::string archived(const temporary_directory& folder, std::string_view name = "crawl-00000.warc.gz") {
  return unpacked(folder / name);
}

HOCKET_TEST(warc_archive, keeps_three_records_of_an_exchange) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await record(*archive, "http://a.example/#x", "hello");
  co_await archive->close();
  const std::string records = archived(folder);
  EXPECT_EQ(values_of(records, "WARC-Type"), (list{"warcinfo", "response", "request", "metadata"}));
  EXPECT_EQ(values_of(records, "WARC-Target-URI"), list(3, "http://a.example/"));
  EXPECT_EQ(values_of(records, "WARC-IP-Address"), list(3, "192.0.2.1"));
  EXPECT_EQ(values_of(records, "WARC-Date"), list(4, "2001-09-09T01:46:40Z"));
}

HOCKET_TEST(warc_archive, makes_no_file_before_there_is_something) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await archive->flush();
  co_await archive->close();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

HOCKET_TEST(warc_archive, leaves_out_what_was_never_answered) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  const auto by = archive->record();
  by->began(*url::parse("http://a.example/"), {}, "GET / HTTP/1.1\r\n\r\n");
  by->ended(exchange_end::left);
  co_await archive->close();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

HOCKET_TEST(warc_archive, does_not_refer_to_what_was_cut_off) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await record(*archive, "http://a.example/1", "same", exchange_end::disconnected);
  co_await record(*archive, "http://a.example/2", "same");
  co_await record(*archive, "http://a.example/3", "same");
  co_await record(*archive, "http://a.example/4", "same", exchange_end::timed_out);
  co_await archive->close();
  const std::string records = archived(folder);
  EXPECT_EQ(values_of(records, "WARC-Refers-To-Target-URI"), list{"http://a.example/2"});
  EXPECT_EQ(values_of(records, "WARC-Truncated"), (list{"disconnect", "length", "time"}));
}

HOCKET_TEST(warc_archive, does_not_take_an_empty_body_for_the_same_content) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await record(*archive, "http://a.example/1", "");
  co_await record(*archive, "http://a.example/2", "");
  co_await archive->close();
  EXPECT_EQ(values_of(archived(folder), "WARC-Profile"), list{});
}

HOCKET_TEST(warc_archive, tells_once_since_when_it_has_a_whole_answer) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await record(*archive, "http://a.example/1", "same");
  co_await record(*archive, "http://a.example/2", "same");
  co_await record(*archive, "http://a.example/3", "half", exchange_end::disconnected);
  co_await record(*archive, "http://a.example/4", "");
  co_await record(*archive, "http://a.example/5", "whole, and then");
  co_await record(*archive, "http://a.example/5", "half", exchange_end::timed_out);
  for (const auto& [where, when] : {std::pair{"1", "2001-09-09T01:46:40Z"},
                                    {"1", ""},
                                    {"2", ""},
                                    {"3", ""},
                                    {"4", "2001-09-09T01:46:40Z"},
                                    {"5", ""}})
    EXPECT_EQ(archive->take_date_of(std::string("http://a.example/") + where), when) << where;
  co_await archive->close();
}

HOCKET_TEST(warc_archive, refers_to_what_an_earlier_one_has_and_was_not_sent) {
  const temporary_directory folder;
  warc_options options = into(folder);
  options.archived = [](std::string_view where) {
    return where == "http://a.example/1" ? std::string("2000-01-02T03:04:05Z") : std::string();
  };
  const auto archive = co_await warc_archive::open(std::move(options));
  for (const char* where : {"http://a.example/1", "http://a.example/2"}) {
    const auto by = archive->record();
    by->began(*url::parse(where), {}, "GET / HTTP/1.1\r\n\r\n");
    by->received("HTTP/1.1 304 Not Modified\r\n\r\n");
    by->answered(304);
    by->ended(exchange_end::whole);
    EXPECT_EQ(archive->take_date_of(where), "");
  }
  co_await archive->close();
  const std::string records = archived(folder);
  EXPECT_EQ(values_of(records, "WARC-Profile"), list(2, "http://netpreserve.org/warc/1.1/revisit/server-not-modified"));
  EXPECT_EQ(values_of(records, "WARC-Refers-To-Target-URI"), list{"http://a.example/1"});
  EXPECT_EQ(values_of(records, "WARC-Refers-To-Date"), list{"2000-01-02T03:04:05Z"});
  EXPECT_EQ(values_of(records, "WARC-Refers-To"), list{});
}

HOCKET_TEST(warc_archive, holds_little_of_a_large_body) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  std::string body(3'000'000, 'x');
  for (std::size_t n = 0; n < body.size(); n += 7) body[n] = static_cast<char>('a' + n % 26);
  co_await record(*archive, "http://a.example/", body);
  co_await record(*archive, "http://a.example/small", "small");
  EXPECT_FALSE(archive->is_full());
  co_await archive->close();
  const std::string records = archived(folder);
  EXPECT_NE(records.find(body + "\r\n\r\nWARC/1.1"), std::string::npos);
  EXPECT_EQ(values_of(records, "WARC-Type").size(), 7U);
}

HOCKET_TEST(warc_archive, is_full_when_much_waits) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  for (int n = 0; n < 50; ++n)
    co_await record(*archive, "http://a.example/", std::string(100'000, 'x') + std::to_string(n));
  EXPECT_TRUE(archive->is_full());
  co_await archive->flush();
  EXPECT_FALSE(archive->is_full());
  co_await archive->close();
  EXPECT_EQ(values_of(archived(folder), "WARC-Type").size(), 151U);
}

HOCKET_TEST(warc_archive, makes_who_reads_wait_when_too_much_waits) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  for (int n = 0; n < 200; ++n)
    co_await record(*archive, "http://a.example/", std::string(200'000, 'x') + std::to_string(n));
  co_await archive->sync();
  EXPECT_GT(values_of(unpacked(folder / "crawl-00000.warc.gz.open"), "WARC-Type").size(), 200U);
  co_await archive->close();
  EXPECT_EQ(values_of(archived(folder), "WARC-Type").size(), 601U);
}

HOCKET_TEST(warc_archive, begins_another_file_when_one_is_large) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder, 1));
  co_await record(*archive, "http://a.example/1", "one");
  co_await record(*archive, "http://a.example/2", "two");
  co_await archive->close();
  EXPECT_EQ(values_of(archived(folder), "WARC-Target-URI"), list(3, "http://a.example/1"));
  EXPECT_EQ(values_of(archived(folder, "crawl-00001.warc.gz"), "WARC-Target-URI"), list(3, "http://a.example/2"));
  EXPECT_EQ(values_of(archived(folder, "crawl-00001.warc.gz"), "WARC-Filename"), list{"crawl-00001.warc.gz"});
}

HOCKET_TEST(warc_archive, loses_nothing_when_the_disk_is_full_for_a_while) {
  const temporary_directory folder;
  const auto archive = co_await warc_archive::open(into(folder));
  co_await record(*archive, "http://a.example/1", "one");
  co_await archive->flush();
  std::string noise(50'000, '\0');
  hocket::random_source random(7);
  for (char& each : noise) each = static_cast<char>(random());
  co_await record(*archive, "http://a.example/2", noise);
  {
    const small_files full(10'000);
    const auto outcome = co_await as_result(archive->flush());
    EXPECT_FALSE(outcome);
  }
  EXPECT_EQ(values_of(unpacked(folder / "crawl-00000.warc.gz.open"), "WARC-Target-URI"), list(3, "http://a.example/1"));
  co_await archive->close();
  EXPECT_EQ(values_of(archived(folder), "WARC-Type").size(), 7U);
}

coro<void> keep_two(const temporary_directory& folder) {
  const auto archive = co_await warc_archive::open(into(folder, 1000));
  co_await record(*archive, "http://a.example/1", std::string(400'000, 'x'));
  co_await record(*archive, "http://a.example/2", "two");
  co_await archive->close();
}

/// All files there are hold whole records only.
void require_whole_files(const temporary_directory& folder) {
  for (const auto& each : std::filesystem::directory_iterator(folder.path()))
    EXPECT_NO_THROW(static_cast<void>(unpacked(each.path()))) << each.path();
}

void empty(const temporary_directory& folder) {
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) std::filesystem::remove(each.path());
}

TEST(warc_archive, cancelled_anywhere_it_leaves_whole_records) {
  for (const auto backend : hocket::testing::every_backend()) {
    const temporary_directory folder;
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&folder]() -> coro<void> {
          require_whole_files(folder);
          empty(folder);
          co_await keep_two(folder);
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 5U);
    EXPECT_EQ(values_of(archived(folder), "WARC-Type").size(), 4U);
    EXPECT_EQ(values_of(archived(folder, "crawl-00001.warc.gz"), "WARC-Type").size(), 4U);
  }
}

TEST(warc_archive, of_which_anything_fails_leaves_whole_records) {
  const temporary_directory folder;
  const auto report = hocket::testing::fail_each_operation([&folder]() -> coro<void> {
    require_whole_files(folder);
    empty(folder);
    co_await keep_two(folder);
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_GT(report.failed, 5U);
  EXPECT_EQ(values_of(archived(folder), "WARC-Type").size(), 4U);
}

}  // namespace
