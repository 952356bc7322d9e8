#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <http/coding/content_codings.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/sitemap_file.hpp>

using hocket::graph::read_sitemap_file;
using hocket::testing::encoded;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

using list = std::vector<std::string>;

const std::string pages = "<urlset><url><loc>http://a/1</loc></url><url><loc>http://a/2</loc></url></urlset>";
const std::string packed = encoded(hocket::http::content_coding::gzip, pages);

std::string complaint_of(const std::string& path) {
  try {
    static_cast<void>(read_sitemap_file(path));
  } catch (const hocket::error& problem) {
    return problem.what();
  }
  return "";
}

TEST(sitemap_file, has_the_pages_that_it_names) {
  const temporary_directory folder;
  write_file(folder / "a.xml", pages);
  write_file(folder / "a.xml.gz", packed);
  write_file(folder / "a.txt", "http://a/1\nhttp://a/2");
  write_file(folder / "none", "");
  for (const char* const name : {"a.xml", "a.xml.gz", "a.txt"})
    EXPECT_EQ(read_sitemap_file(folder / name), (list{"http://a/1", "http://a/2"})) << name;
  EXPECT_EQ(read_sitemap_file(folder / "none"), list{});
}

TEST(sitemap_file, that_is_an_index_has_the_pages_of_those_beside_it) {
  const temporary_directory folder;
  write_file(folder / "index.xml",
             "<sitemapindex><sitemap><loc>http://a/maps/1%20a.xml.gz</loc></sitemap>"
             "<sitemap><loc>http://a/2.txt?x</loc></sitemap></sitemapindex>");
  write_file(folder / "1 a.xml.gz", packed);
  write_file(folder / "2.txt", "http://a/3");
  EXPECT_EQ(read_sitemap_file(folder / "index.xml"), (list{"http://a/1", "http://a/2", "http://a/3"}));
}

TEST(sitemap_file, says_which_sitemap_of_an_index_is_missing) {
  const temporary_directory folder;
  write_file(folder / "index.xml", "<sitemapindex><loc>http://a/x/1.xml</loc></sitemapindex>");
  EXPECT_EQ(complaint_of(folder / "index.xml"),
            "sitemap '" + folder / "index.xml" + "' is an index that names http://a/x/1.xml: put that beside it, as '" +
                folder / "1.xml" + "'");
}

TEST(sitemap_file, leaves_its_folder_for_no_name) {
  const temporary_directory folder;
  for (const char* const name : {"http://a/", "http://a/..%2fb", "http://a/b%00"}) {
    write_file(folder / "index.xml", "<sitemapindex><loc>" + std::string(name) + "</loc></sitemapindex>");
    EXPECT_NE(complaint_of(folder / "index.xml").find("no file's name"), std::string::npos) << name;
  }
}

TEST(sitemap_file, that_names_itself_is_an_error) {
  const temporary_directory folder;
  write_file(folder / "index.xml", "<sitemapindex><loc>http://a/index.xml</loc></sitemapindex>");
  EXPECT_NE(complaint_of(folder / "index.xml").find("index within indexes"), std::string::npos);
}

TEST(sitemap_file, that_is_cut_or_unpacks_to_too_much_is_an_error) {
  const temporary_directory folder;
  write_file(folder / "cut.gz", packed.substr(0, packed.size() - 12));
  EXPECT_NE(complaint_of(folder / "cut.gz").find("unexpected end of file"), std::string::npos);
  write_file(folder / "bomb.gz", encoded(hocket::http::content_coding::gzip, std::string(51 << 20, ' ')));
  EXPECT_NE(complaint_of(folder / "bomb.gz").find("is larger than 52428800 bytes"), std::string::npos);
}

TEST(sitemap_file, that_cannot_be_read_is_an_error_with_its_name) {
  const temporary_directory folder;
  EXPECT_EQ(complaint_of(folder / "none"), "cannot read sitemap '" + folder / "none" + "': No such file or directory");
  EXPECT_EQ(complaint_of(folder.path()), "cannot read sitemap '" + folder.path() + "': Is a directory");
}

}  // namespace
