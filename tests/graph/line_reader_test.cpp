#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>

#include <hocket/graph/line_reader.hpp>

using hocket::graph::line_reader;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

struct what_was_read {
  std::vector<std::string> lines;
  bool ends_within_a_line = false;
};

what_was_read read(const std::string& text) {
  const temporary_directory folder;
  write_file(folder / "lines", text);
  line_reader reader(folder / "lines");
  what_was_read found;
  while (const auto line = reader.next()) found.lines.emplace_back(*line);
  found.ends_within_a_line = reader.ends_within_a_line();
  return found;
}

using lines = std::vector<std::string>;

TEST(line_reader, gives_line_after_line) {
  EXPECT_EQ(read("one\n\nthree\n").lines, (lines{"one", "", "three"}));
  EXPECT_FALSE(read("one\n").ends_within_a_line);
  EXPECT_EQ(read("").lines, lines{});
}

TEST(line_reader, passes_over_a_line_without_an_end) {
  EXPECT_EQ(read("one\ntwo").lines, (lines{"one"}));
  EXPECT_TRUE(read("one\ntwo").ends_within_a_line);
}

TEST(line_reader, gives_lines_that_are_cut_by_its_buffer) {
  std::string text;
  lines expected;
  for (std::size_t n = 0; n < 300; ++n) {
    expected.emplace_back(n * 37, static_cast<char>('a' + n % 26));
    text += expected.back() + "\n";
  }
  EXPECT_EQ(read(text).lines, expected);
}

TEST(line_reader, takes_the_longest_line_and_refuses_a_longer_one_by_its_number) {
  const std::string longest(line_reader::max_line_bytes, 'x');
  EXPECT_EQ(read(longest + "\n").lines, (lines{longest}));
  const temporary_directory folder;
  write_file(folder / "lines", "short\n" + longest + "x\n");
  line_reader reader(folder / "lines");
  EXPECT_EQ(reader.next(), "short");
  try {
    static_cast<void>(reader.next());
    FAIL();
  } catch (const hocket::error& problem) {
    EXPECT_EQ(problem.what(), folder / "lines:2: longer than 1048576 bytes");
  }
}

TEST(line_reader, says_what_it_cannot_read) {
  const temporary_directory folder;
  line_reader reader(folder.path());
  EXPECT_THROW(static_cast<void>(reader.next()), hocket::error);
  EXPECT_THROW(line_reader(folder / "none"), hocket::error);
}

}  // namespace
