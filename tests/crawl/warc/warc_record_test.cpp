#include <chrono>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <hocket/crawl/warc/warc_contents.hpp>
#include <hocket/crawl/warc/warc_digest.hpp>
#include <hocket/crawl/warc/warc_record.hpp>

using hocket::crawl::warc_contents;
using hocket::crawl::warc_date;
using hocket::crawl::warc_digest;
using hocket::crawl::warc_record;
using hocket::crawl::warc_record_id;

namespace {

std::string digest_of(std::initializer_list<std::string_view> pieces) {
  warc_digest digest;
  for (const auto piece : pieces) digest.feed(piece);
  return digest.text();
}

TEST(warc_digest, is_sha1_in_base32) {
  EXPECT_EQ(digest_of({}), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
  EXPECT_EQ(digest_of({"abc"}), "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
  EXPECT_EQ(digest_of({"a", "", "bc"}), digest_of({"abc"}));
}

TEST(warc_date, is_that_of_the_standard) {
  using namespace std::chrono;
  EXPECT_EQ(warc_date(sys_days(2026y / 1 / 2) + 3h + 4min + 5s), "2026-01-02T03:04:05Z");
  EXPECT_EQ(warc_date(sys_seconds()), "1970-01-01T00:00:00Z");
}

TEST(warc_record_id, is_a_urn_of_a_random_uuid) {
  hocket::random_source random(1);
  const std::regex form("<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>");
  std::set<std::string> seen;
  for (int n = 0; n < 1000; ++n) {
    const std::string id = warc_record_id(random);
    EXPECT_TRUE(std::regex_match(id, form)) << id;
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(warc_record, ends_its_lines_and_its_block) {
  warc_record record("metadata");
  record.add("A", "b");
  record.set_block("some", {}, 0, "thing");
  EXPECT_EQ(std::string(record.head()) + std::string(record.tail()),
            "WARC/1.1\r\nWARC-Type: metadata\r\nA: b\r\nContent-Length: 9\r\n\r\nsomething\r\n\r\n");
}

TEST(warc_record, counts_what_lies_in_a_file) {
  warc_record record("response");
  record.set_block("some", {}, 1000, "thing");
  EXPECT_NE(record.head().find("Content-Length: 1009\r\n"), std::string_view::npos);
}

TEST(warc_contents, keeps_the_first_of_a_content) {
  warc_contents contents;
  EXPECT_EQ(contents.find("a"), nullptr);
  contents.add("a", {"1", "http://one/", "then"});
  contents.add("a", {"2", "http://two/", "now"});
  EXPECT_EQ(contents.find("a")->id, "1");
}

TEST(warc_contents, remembers_no_more_than_it_may) {
  warc_contents contents;
  const std::string target(1 << 20, 'x');
  for (int n = 0; n < 100; ++n) contents.add(std::to_string(n), {"", target, ""});
  EXPECT_NE(contents.find("0"), nullptr);
  EXPECT_NE(contents.find("50"), nullptr);
  EXPECT_EQ(contents.find("99"), nullptr);
}

}  // namespace
