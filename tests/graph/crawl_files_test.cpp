#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/crawl_files.hpp>

using hocket::testing::crawl_folder;

namespace {

std::string complaint_of_links(std::string_view text) { return crawl_folder().links_text(text).complaint(); }

TEST(links_file, names_the_line_that_is_no_row) {
  EXPECT_EQ(complaint_of_links("a\tb\nno tab\n"), "DIR/links.tsv:3: there is no tab");
  const std::string no_row = "DIR/links.tsv:2: is not two URLs with a tab between them";
  EXPECT_EQ(complaint_of_links("a\t\n"), no_row);
  EXPECT_EQ(complaint_of_links("\tb\n"), no_row);
  EXPECT_EQ(complaint_of_links("a\tb\tc\n"), no_row);
  EXPECT_EQ(complaint_of_links("a\tb\r\n"), no_row);
  EXPECT_EQ(complaint_of_links(std::string_view("a\tb\0\n", 5)), no_row);
}

TEST(links_file, must_begin_with_its_header) {
  crawl_folder folder;
  folder.write();
  hocket::testing::write_file(folder.path() + "/links.tsv", "a\tb\n");
  EXPECT_THROW(hocket::graph::links_reader{folder.path()}, hocket::error);
}

TEST(links_file, may_hold_bytes_that_are_no_utf_8) {
  crawl_folder folder;
  folder.link("a\xff", "b\xc3\xa4");
  EXPECT_EQ(folder.read().links(), 1U);
}

const std::string good =
    R"("url":"a","final_url":"b","status":200,"content_type":"","bytes":1,"depth":2,"ms":3,"error":null)";

std::string complaint_of_page(const std::string& line) { return crawl_folder().pages_text(line + "\n").complaint(); }

/// Of a good page with one text in the place of another.
std::string complaint_with(std::string_view old, std::string_view changed) {
  std::string line = "{" + good + "}";
  line.replace(line.find(old), old.size(), changed);
  return complaint_of_page(line);
}

TEST(pages_file, is_read_with_members_that_are_new) {
  EXPECT_EQ(complaint_of_page("{" + good + R"(,"canonical":{"deep":[1]}})"), "");
}

TEST(pages_file, names_the_line_that_is_no_page) {
  EXPECT_EQ(complaint_of_page("{" + good + "}\n{"), "DIR/pages.jsonl:2: is no JSON object");
  EXPECT_EQ(complaint_of_page("[]"), "DIR/pages.jsonl:1: is no JSON object");
  EXPECT_EQ(complaint_of_page(""), "DIR/pages.jsonl:1: is no JSON object");
  EXPECT_EQ(complaint_of_page(std::string(100'000, '[')), "DIR/pages.jsonl:1: is no JSON object");
  EXPECT_EQ(complaint_with("\"a\"", "\"\xff\""), "DIR/pages.jsonl:1: is no JSON object");
}

TEST(pages_file, names_the_member_that_is_missing_or_of_the_wrong_kind) {
  EXPECT_EQ(complaint_with("\"status\":200,", ""), "DIR/pages.jsonl:1: there is no \"status\"");
  EXPECT_EQ(complaint_with("\"a\"", "1"), "DIR/pages.jsonl:1: \"url\" is no text");
  EXPECT_EQ(complaint_with("\"a\"", "\"\""), "DIR/pages.jsonl:1: \"url\" is no URL");
  EXPECT_EQ(complaint_with("\"b\"", R"("b\n")"), "DIR/pages.jsonl:1: \"final_url\" is no URL");
  EXPECT_EQ(complaint_with("200", "65536"), "DIR/pages.jsonl:1: \"status\" is no number of its size");
  EXPECT_EQ(complaint_with("\"bytes\":1", "\"bytes\":-1"), "DIR/pages.jsonl:1: \"bytes\" is no number of its size");
  EXPECT_EQ(complaint_with("\"depth\":2", "\"depth\":2.5"), "DIR/pages.jsonl:1: \"depth\" is no number of its size");
  EXPECT_EQ(complaint_with("null", "true"), "DIR/pages.jsonl:1: \"error\" is no text");
}

}  // namespace
