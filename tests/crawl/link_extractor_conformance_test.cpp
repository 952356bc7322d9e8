// html5lib's tokenizer cases, as far as they can be told from the links of a page.
//
// A case gives an input and the tokens that it makes, hardly ever a link. So the cases are turned into pages:
// - the attribute of a start tag becomes the `href` of an `a`, by renaming both in the input;
// - a character reference in text becomes the value of an `href`;
// - an input that begins within raw text follows a start tag of such an element, and links after it tell where it ends.
// The number of pages made is checked, so that a change that turns cases into none is noticed.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "found_links.hpp"

namespace {

using hocket::testing::cut_that_matters;
using hocket::testing::extract;
using list = std::vector<std::string>;

std::filesystem::path data_folder() {
  const char* const folder = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path root = folder ? folder : HOCKET_SOURCE_DIR "/../shared/conformance";
  return root / "html";
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator(file), {}};
}

// One case, for one of the states in which it may begin.
struct tokenizer_case {
  std::string state;
  std::string input;
  std::string last_start_tag;
  nlohmann::json tokens;

  [[nodiscard]] bool has_only(std::string_view kind) const {
    return std::ranges::all_of(tokens, [&](const auto& token) { return token[0] == kind; });
  }
};

void append_utf8(unsigned code_point, std::string& out) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

// Undoes the second round of escapes (\uHHHH) that some cases have. False for a surrogate, which UTF-8 cannot hold.
bool unescape(std::string& text) {
  for (std::size_t at = text.find("\\u"); at != text.npos; at = text.find("\\u", at)) {
    const auto code_point = static_cast<unsigned>(std::stoul(text.substr(at + 2, 4), nullptr, 16));
    if (code_point >= 0xD800 && code_point <= 0xDFFF) return false;
    std::string character;
    append_utf8(code_point, character);
    text.replace(at, 6, character);
    at += character.size();
  }
  return true;
}

bool unescape(nlohmann::json& value) {
  if (value.is_string()) return unescape(value.get_ref<std::string&>());
  if (value.is_array()) return std::ranges::all_of(value, [](auto& element) { return unescape(element); });
  if (!value.is_object()) return true;
  auto unescaped = nlohmann::json::object();
  for (auto& [name, member] : value.items()) {
    std::string new_name = name;
    if (!unescape(new_name) || !unescape(member)) return false;
    unescaped[new_name] = member;
  }
  value = unescaped;
  return true;
}

void append_cases(nlohmann::json test, std::vector<tokenizer_case>& cases) {
  const bool is_escaped = test.value("doubleEscaped", false);
  if (is_escaped && !(unescape(test["input"]) && unescape(test["output"]))) return;
  for (const auto& state : test.value("initialStates", list{"Data state"})) {
    cases.push_back({state, test["input"], test.value("lastStartTag", ""), test["output"]});
  }
}

const std::vector<tokenizer_case>& all_cases() {
  static const auto cases = [] {
    std::vector<tokenizer_case> result;
    if (!std::filesystem::exists(data_folder())) return result;
    for (const auto& entry : std::filesystem::directory_iterator(data_folder())) {
      if (entry.path().extension() != ".test") continue;
      const auto file = nlohmann::json::parse(contents(entry.path()));
      for (const auto& test : file["tests"]) append_cases(test, result);
    }
    return result;
  }();
  return cases;
}

class html5lib : public ::testing::Test {
 protected:
  void SetUp() override {
    if (all_cases().empty()) GTEST_SKIP() << "skipped: no conformance data";
  }

  // Expects that all ways to cut the page into pieces give these links.
  void expect_hrefs(const std::string& page, const list& hrefs) {
    EXPECT_EQ(extract(page).hrefs, hrefs) << page;
    EXPECT_EQ(cut_that_matters(page), std::nullopt) << page;
    ++pages_;
  }

  int pages_ = 0;
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The input with its tag and attribute renamed to `a` and `href`, if it begins with the tag and clearly has the
// attribute.
std::optional<std::string> as_link(std::string_view input, std::string_view tag, std::string_view attribute) {
  constexpr std::string_view separators = " \t\n\r\f/";
  const auto is_separator = [&](char c) { return separators.find(c) != separators.npos; };
  if (!input.starts_with('<') || !equal_ignoring_case(input.substr(1, tag.size()), tag)) return std::nullopt;
  const std::string_view rest = input.substr(1 + tag.size());
  if (rest.empty() || !is_separator(rest.front())) return std::nullopt;
  const std::size_t begin = rest.find_first_not_of(separators);
  if (begin == rest.npos || !equal_ignoring_case(rest.substr(begin, attribute.size()), attribute)) return std::nullopt;
  const std::string_view after = rest.substr(begin + attribute.size());
  if (!after.empty() && !is_separator(after.front()) && after.front() != '=' && after.front() != '>')
    return std::nullopt;
  return "<a" + std::string(rest.substr(0, begin)) + "href" + std::string(after);
}

TEST_F(html5lib, start_tags_that_are_links_are_found_and_nothing_else) {
  for (const auto& one : all_cases()) {
    if (one.state != "Data state") continue;
    list expected;
    for (const auto& token : one.tokens) {
      if (token[0] != "StartTag" || (token[1] != "a" && token[1] != "area") || !token[2].contains("href")) continue;
      expected.push_back(token[2]["href"]);
    }
    expect_hrefs(one.input, expected);
  }
  EXPECT_GE(pages_, 2300);
}

TEST_F(html5lib, attributes_have_the_values_that_the_standard_gives_them) {
  for (const auto& one : all_cases()) {
    if (one.state != "Data state" || one.tokens.empty() || one.tokens[0][0] != "StartTag") continue;
    for (const auto& [name, value] : one.tokens[0][2].items()) {
      if (const auto page = as_link(one.input, one.tokens[0][1].get<std::string>(), name)) expect_hrefs(*page, {value});
    }
  }
  EXPECT_GE(pages_, 300);
}

TEST_F(html5lib, character_references_stand_for_what_the_standard_says) {
  for (const auto& one : all_cases()) {
    if (one.state != "Data state" || one.tokens.size() != 1 || one.tokens[0][0] != "Character") continue;
    const std::string text = one.tokens[0][1];
    const bool is_alike_in_values = one.input.starts_with("&#") || one.input == text;  // names follow other rules there
    if (!is_alike_in_values || one.input.find_first_of(std::string_view("\"\0", 2)) != std::string::npos) continue;
    expect_hrefs("<a href=\"" + one.input + "\">", {text});
  }
  EXPECT_GE(pages_, 800);
}

TEST_F(html5lib, raw_text_ends_where_the_standard_ends_it) {
  const std::map<std::string, std::string> elements = {
      {"RCDATA state", "title"}, {"RAWTEXT state", "style"}, {"Script data state", "script"}};
  for (const auto& one : all_cases()) {
    if (!elements.contains(one.state)) continue;
    const std::string element = one.last_start_tag.empty() ? elements.at(one.state) : one.last_start_tag;
    const std::string page = "<" + element + ">" + one.input + "<a href=inside></" + element + "><a href=after>";
    if (one.has_only("Character") && !one.input.ends_with("</" + element + " ")) {
      expect_hrefs(page, {"after"});
    } else if (one.tokens.back()[0] == "EndTag") {
      expect_hrefs(page, {"inside", "after"});
    }
  }
  EXPECT_GE(pages_, 180);
}

TEST_F(html5lib, plaintext_never_ends) {
  for (const auto& one : all_cases()) {
    if (one.state == "PLAINTEXT state") expect_hrefs("<plaintext>" + one.input + "</plaintext><a href=x>", {});
  }
  EXPECT_GE(pages_, 50);
}

TEST_F(html5lib, no_cut_changes_what_follows_an_input) {
  const std::string suffix = "'\"><a href=1>]]>--!><a href=2></title></script><a href='3&amp'>";
  for (const auto& one : all_cases()) {
    if (one.input.size() > 100) continue;
    for (const std::string prefix :
         {"", "<title>", "<script>", "<script><!--<script>", "<a href=", "<a href='", "<!--"}) {
      EXPECT_EQ(cut_that_matters(prefix + one.input + suffix), std::nullopt) << prefix << one.input;
    }
  }
}

}  // namespace
