// The web-platform-tests' cases for URLs, as browsers run them: parsing (urltestdata.json) and the setters
// (setters_tests.json).
//
// A case of parsing is an input, perhaps a base, and either the parts of the result or "failure". A case of a setter is a
// URL, a new value, and what some parts are afterwards. All must agree exactly.

#include <array>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <hocket/url/url.hpp>

namespace {

using hocket::url;
using hocket::url_error;
using nlohmann::json;

std::filesystem::path cases_file(std::string_view name) {
  const char* folder = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path base = folder ? folder : HOCKET_SOURCE_DIR "/../shared/conformance";
  return base / "url" / name;
}

/// The number of the `\uXXXX` escape at `at`; nothing where there is none.
std::optional<unsigned> escape_at(const std::string& text, std::size_t at) {
  if (text.compare(at, 2, "\\u") != 0 || at + 6 > text.size()) return std::nullopt;
  return static_cast<unsigned>(std::stoul(text.substr(at + 2, 4), nullptr, 16));
}

bool is_high_surrogate(std::optional<unsigned> unit) { return unit >= 0xd800u && unit <= 0xdbffu; }
bool is_low_surrogate(std::optional<unsigned> unit) { return unit >= 0xdc00u && unit <= 0xdfffu; }

/// Makes U+FFFD of each surrogate without a partner, as the conversion to a USVString does before a URL is parsed; the
/// JSON parser would refuse them.
std::string replace_lone_surrogates(std::string text) {
  for (std::size_t at = text.find('\\'); at != text.npos && at + 1 < text.size(); at = text.find('\\', at)) {
    const auto unit = escape_at(text, at);
    if (!unit) {
      at += 2;
    } else if (is_high_surrogate(unit) && is_low_surrogate(escape_at(text, at + 6))) {
      at += 12;
    } else {
      if (is_high_surrogate(unit) || is_low_surrogate(unit)) text.replace(at, 6, "\\ufffd");
      at += 6;
    }
  }
  return text;
}

/// Nothing if there is no such file.
std::optional<json> read_cases(std::string_view name) {
  std::ifstream file(cases_file(name));
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return json::parse(replace_lone_surrogates(text));
}

std::expected<url, url_error> parse(const json& test) {
  const std::string& input = test.at("input").get_ref<const std::string&>();
  const json& base_text = test.at("base");
  if (base_text.is_null()) return url::parse(input);
  const auto base = url::parse(base_text.get_ref<const std::string&>());
  return base ? url::parse(input, *base) : base;
}

/// A part as the DOM names it.
std::string part_of(const url& whole, std::string_view name) {
  const auto with_mark = [](char mark, std::string_view text) {
    return text.empty() ? std::string() : mark + std::string(text);
  };
  if (name == "href") return whole.href();
  if (name == "origin") return whole.origin();
  if (name == "protocol") return std::string(whole.scheme()) + ":";
  if (name == "username") return std::string(whole.username());
  if (name == "password") return std::string(whole.password());
  if (name == "host") return std::string(whole.host_with_port());
  if (name == "hostname") return std::string(whole.host());
  if (name == "port") return whole.port() ? std::to_string(*whole.port()) : "";
  if (name == "pathname") return std::string(whole.path());
  if (name == "search") return with_mark('?', whole.query());
  if (name == "hash") return with_mark('#', whole.fragment());
  return "no part is called " + std::string(name);
}

constexpr std::array<std::string_view, 11> part_names = {
    "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"};

/// Of those that the case names.
void expect_parts(const url& whole, const json& expected) {
  for (const auto name : part_names) {
    if (expected.contains(name)) {
      EXPECT_EQ(part_of(whole, name), expected.at(name).get<std::string>()) << name;
    }
  }
}

void set(url& whole, std::string_view name, const std::string& value) {
  if (name == "href") {
    if (auto parsed = url::parse(value)) whole = std::move(*parsed);
    return;
  }
  static const std::map<std::string_view, bool (url::*)(std::string_view)> setters = {
      {"protocol", &url::set_scheme}, {"username", &url::set_username}, {"password", &url::set_password},
      {"host", &url::set_host},       {"hostname", &url::set_hostname}, {"port", &url::set_port},
      {"pathname", &url::set_path},   {"search", &url::set_query},      {"hash", &url::set_fragment},
  };
  const std::string before = whole.href();
  const bool taken = (whole.*setters.at(name))(value);
  if (!taken) {
    EXPECT_EQ(whole.href(), before) << "changed, and said that it was not";
  }
}

TEST(url, agrees_with_the_web_platform_tests) {
  const auto cases = read_cases("urltestdata.json");
  if (!cases) GTEST_SKIP() << "skipped: no conformance data";
  int run = 0;
  for (const json& test : *cases) {
    if (test.is_string()) continue;  // a comment
    SCOPED_TRACE(test.dump());
    const auto result = parse(test);
    ++run;
    if (test.value("failure", false)) {
      EXPECT_FALSE(result) << "should fail, but gives " << result->href();
    } else if (!result) {
      ADD_FAILURE() << describe(result.error());
    } else {
      expect_parts(*result, test);
      EXPECT_EQ(url::parse(result->href()), result);
    }
  }
  std::cout << run << " cases\n";
  EXPECT_GT(run, 800);
}

TEST(url_setters, agree_with_the_web_platform_tests) {
  const auto cases = read_cases("setters_tests.json");
  if (!cases) GTEST_SKIP() << "skipped: no conformance data";
  int run = 0;
  for (const auto& [name, tests] : cases->items()) {
    if (name == "comment") continue;
    for (const json& test : tests) {
      SCOPED_TRACE(name + ": " + test.dump());
      auto whole = url::parse(test.at("href").get<std::string>());
      ASSERT_TRUE(whole);
      set(*whole, name, test.at("new_value").get<std::string>());
      expect_parts(*whole, test.at("expected"));
      EXPECT_EQ(url::parse(whole->href()), whole);
      ++run;
    }
  }
  std::cout << run << " cases\n";
  EXPECT_GT(run, 250);
}

}  // namespace
