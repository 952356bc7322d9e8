#include <filesystem>
#include <string>

#include <crawl/warc/unpacked.hpp>
#include <gtest/gtest.h>

#include <hocket/crawl/warc/gzip_member.hpp>
#include <hocket/crawl/warc/torn_archive.hpp>

using hocket::crawl::gzip_member;
using hocket::crawl::mend_torn_archive;
using hocket::testing::content_of;
using hocket::testing::temporary_directory;
using hocket::testing::unpacked;
using hocket::testing::write_file;

namespace {

std::string member(std::string_view text) {
  std::string packed;
  gzip_member one;
  one.add(text.substr(0, text.size() / 2), packed);
  one.finish(text.substr(text.size() / 2), packed);
  return packed;
}

TEST(torn_archive, is_cut_behind_its_last_whole_member_wherever_it_is_torn) {
  const temporary_directory folder;
  const std::string first = member("first");
  const std::string second = member(std::string(200'000, 'x'));
  const std::string whole = first + second + member("third");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write_file(folder / "a.open", whole.substr(0, size));
    mend_torn_archive(folder / "a.open");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.open"));
    const std::size_t kept = size < first.size()                   ? 0
                             : size < first.size() + second.size() ? first.size()
                             : size < whole.size()                 ? first.size() + second.size()
                                                                   : whole.size();
    EXPECT_EQ(content_of(folder / "a"), whole.substr(0, kept)) << size;
    std::filesystem::remove(folder / "a");
  }
}

TEST(torn_archive, loses_what_is_no_member_at_its_end) {
  const temporary_directory folder;
  for (const std::string& rubbish : {std::string(5000, '\0'), std::string("rubbish"), member("x").substr(1)}) {
    write_file(folder / "a.open", member("first") + rubbish);
    mend_torn_archive(folder / "a.open");
    EXPECT_EQ(unpacked(folder / "a"), "first");
  }
}

TEST(torn_archive, without_a_whole_member_is_removed) {
  const temporary_directory folder;
  write_file(folder / "a.open", "rubbish");
  mend_torn_archive(folder / "a.open");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(torn_archive, that_cannot_be_read_is_an_error_that_names_it) {
  try {
    mend_torn_archive("/nowhere/a.open");
    FAIL();
  } catch (const hocket::error& problem) {
    EXPECT_STREQ(problem.what(), "cannot mend '/nowhere/a.open': No such file or directory");
  }
}

}  // namespace
