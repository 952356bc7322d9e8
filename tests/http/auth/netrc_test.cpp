#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/http/auth/netrc.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using hocket::http::load_netrc;
using hocket::http::netrc;
using hocket::http::netrc_entry;
using hocket::http::netrc_error;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;
using hocket::testing::write_file;

namespace {

using entries = std::vector<netrc_entry>;

entries parsed(std::string_view text) { return netrc::parse(text).entries(); }

std::string failure(std::string_view text) {
  try {
    static_cast<void>(netrc::parse(text));
  } catch (const netrc_error& error) {
    return error.what();
  }
  return "none";
}

TEST(netrc, is_words_between_blanks) {
  EXPECT_EQ(parsed("machine a login b password c\nmachine\td\n\taccount e\r\n\tuser f\n"),
            (entries{{"a", "b", "", "c"}, {"d", "f", "e", ""}}));
  EXPECT_EQ(parsed(""), entries{});
  EXPECT_EQ(parsed("default login a password b"), (entries{{"", "a", "", "b"}}));
}

TEST(netrc, may_quote_words_and_escape_in_them) {
  EXPECT_EQ(parsed("machine \"a\" login \"b c\" password \"d\\\"e\\\\\""), (entries{{"a", "b c", "", "d\"e\\"}}));
  EXPECT_EQ(parsed("machine a login \"\" password b\\ c\\\"d"), (entries{{"a", "", "", "b c\"d"}}));
  EXPECT_EQ(parsed("machine a password b\"c"), (entries{{"a", "", "", "b\"c"}}));
}

TEST(netrc, may_have_comments_and_passwords_that_look_like_one) {
  EXPECT_EQ(parsed("# a comment machine x\n#machine y\nmachine a # of a\nlogin b #c\npassword #d\n#\n#e"),
            (entries{{"a", "b", "", "#d"}}));
}

TEST(netrc, takes_keywords_for_values_where_values_are_due) {
  EXPECT_EQ(parsed("machine machine login password password login"), (entries{{"machine", "password", "", "login"}}));
}

TEST(netrc, passes_over_macros) {
  EXPECT_EQ(parsed("macdef init\ncd /pub\nmachine no\n\nmachine a login b\nmacdef x\r\n\tbin\r\n\r\nmachine c"),
            (entries{{"a", "b", "", ""}, {"c", "", "", ""}}));
  EXPECT_EQ(parsed("machine a\nmacdef init\nto the end"), (entries{{"a", "", "", ""}}));
}

TEST(netrc, that_is_malformed_says_in_which_line) {
  EXPECT_EQ(failure("machine a\nlogin b\nnonsense c"), "netrc, line 3: a word that has no meaning there");
  EXPECT_EQ(failure("login a"), "netrc, line 1: a word that has no meaning there");
  EXPECT_EQ(failure("machine a\n\npassword"), "netrc, line 3: 'password' is followed by nothing");
  EXPECT_EQ(failure("machine"), "netrc, line 1: 'machine' is followed by nothing");
  EXPECT_EQ(failure("machine \"\""), "netrc, line 1: a machine has no name");
  EXPECT_EQ(failure("machine a\npassword \"b\nc"), "netrc, line 2: a quote is not closed");
  EXPECT_EQ(failure("macdef x\n\nlogin a"), "netrc, line 3: a word that has no meaning there");
}

TEST(netrc, finds_the_first_that_fits) {
  const auto file =
      netrc::parse("machine a login x password 1 machine a login y password 2 default login z machine b login q");
  EXPECT_EQ(file.find("A")->password, "1");
  EXPECT_EQ(file.find("a", "y")->password, "2");
  EXPECT_EQ(file.find("b")->login, "z");  // `default` ends the search, as it does for curl
  EXPECT_EQ(file.find("c")->login, "z");
  EXPECT_EQ(file.find("c", "x"), nullptr);
  EXPECT_EQ(netrc::parse("machine a").find("b"), nullptr);
}

HOCKET_TEST(netrc, is_read_from_a_file_that_only_its_owner_may_use) {
  const temporary_directory folder;
  const std::string path = folder / "netrc";
  write_file(path, "machine a login b password c");
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_EQ((co_await load_netrc(path)).find("a")->password, "c");
  for (const int permissions : {0640, 0604, 0620, 0601}) {
    std::filesystem::permissions(path, std::filesystem::perms(permissions));
    EXPECT_EQ(co_await what_is_thrown(load_netrc(path)),
              "'" + path + "' holds passwords and others may use it: chmod 600");
  }
  EXPECT_EQ((co_await load_netrc(path, {.must_be_private = false})).entries().size(), 1U);
}

HOCKET_TEST(netrc, without_secrets_may_be_read_by_all) {
  const temporary_directory folder;
  const std::string path = folder / "netrc";
  write_file(path, "machine a login anonymous password me@example.org machine b login c");
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_EQ((co_await load_netrc(path)).entries().size(), 2U);
}

HOCKET_TEST(netrc, that_is_not_there_is_an_error_that_names_it) {
  EXPECT_EQ(co_await what_is_thrown(load_netrc("/nowhere/netrc")),
            "cannot open '/nowhere/netrc': No such file or directory");
}

TEST(netrc, may_be_cancelled_anywhere) {
  const temporary_directory folder;
  write_file(folder / "netrc", "machine a");
  const auto report = hocket::testing::cancel_at_every_suspension(
      [&]() -> hocket::coro<void> { static_cast<void>(co_await load_netrc(folder / "netrc")); });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, report.cancelled + 1);
  EXPECT_GT(report.runs, 1U);
}

}  // namespace
