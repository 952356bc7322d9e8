// The web-platform-tests' cases for URL parsing, as browsers run them (urltestdata.json).
//
// A case is an input, perhaps a base, and either the parts of the result or "failure". Cases of schemes that hocket
// does not take, and hosts that need IDNA processing, are counted and skipped; everything else must agree exactly.

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <hocket/url/percent_encoding.hpp>
#include <hocket/url/url.hpp>

namespace {

using hocket::url;
using hocket::url_error;
using nlohmann::json;

std::filesystem::path cases_file() {
  const char* folder = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path base = folder ? folder : HOCKET_SOURCE_DIR "/../shared/conformance";
  return base / "url" / "urltestdata.json";
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

/// What stands where a host would, percent-decoded: between the slashes and the path, behind the last `@`.
std::string host_text(std::string_view input) {
  const auto slashes = input.find_first_of("/\\");
  const auto start = slashes == input.npos ? input.npos : input.find_first_not_of("/\\", slashes);
  if (start == input.npos) return {};
  const auto authority = input.substr(start, input.find_first_of("/\\?#", start) - start);
  return hocket::percent_decode(authority.substr(authority.rfind('@') + 1));
}

bool has_non_ascii(const std::string& text) {
  return std::ranges::any_of(text, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; });
}

std::expected<url, url_error> parse(const json& test) {
  const std::string& input = test.at("input").get_ref<const std::string&>();
  const json& base_text = test.at("base");
  if (base_text.is_null()) return url::parse(input);
  const auto base = url::parse(base_text.get_ref<const std::string&>());
  // The data has bases of other schemes; what depends on one is not for us, what does not is parsed all the same.
  return base ? url::parse(input, *base) : url::parse(input);
}

bool has_foreign_base(const json& test) {
  return test.at("base").is_string() && !url::parse(test["base"].get_ref<const std::string&>());
}

bool is_foreign_scheme(const std::string& protocol) {
  static const std::set<std::string> ours{"http:", "https:", "ws:", "wss:", "ftp:"};
  return !ours.contains(protocol);
}

void expect_parts(const url& result, const json& test) {
  const auto expected = [&](const char* key) { return test.at(key).get<std::string>(); };
  const auto with_mark = [](char mark, std::string_view text) {
    return text.empty() ? std::string() : mark + std::string(text);
  };
  EXPECT_EQ(result.href(), expected("href"));
  EXPECT_EQ(std::string(result.scheme()) + ":", expected("protocol"));
  EXPECT_EQ(result.username(), expected("username"));
  EXPECT_EQ(result.password(), expected("password"));
  EXPECT_EQ(result.host_with_port(), expected("host"));
  EXPECT_EQ(result.host(), expected("hostname"));
  EXPECT_EQ(result.port() ? std::to_string(*result.port()) : "", expected("port"));
  EXPECT_EQ(result.path(), expected("pathname"));
  EXPECT_EQ(with_mark('?', result.query()), expected("search"));
  EXPECT_EQ(with_mark('#', result.fragment()), expected("hash"));
  if (test.contains("origin")) {
    EXPECT_EQ(result.origin(), expected("origin"));
  }
}

struct tally {
  int passed = 0;
  int other_schemes = 0;
  int idna = 0;
};

void run(const json& test, tally& count) {
  const auto result = parse(test);
  if (!result && result.error() == url_error::idna_unsupported) {
    EXPECT_TRUE(has_non_ascii(host_text(test["input"].get<std::string>()))) << "refused for IDNA without need";
    ++count.idna;
  } else if (test.value("failure", false)) {
    EXPECT_FALSE(result) << "should fail, but gives " << result->href();
    if (result) return;
    const bool foreign = result.error() == url_error::unsupported_scheme || has_foreign_base(test);
    ++(foreign ? count.other_schemes : count.passed);
  } else if (is_foreign_scheme(test.at("protocol").get<std::string>())) {
    EXPECT_FALSE(result) << "should be refused, but gives " << result->href();
    ++count.other_schemes;
  } else {
    ASSERT_TRUE(result) << describe(result.error());
    expect_parts(*result, test);
    ++count.passed;
  }
}

TEST(url, agrees_with_the_web_platform_tests) {
  std::ifstream file(cases_file());
  if (!file) GTEST_SKIP() << "skipped: no conformance data";
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};

  tally count;
  for (const json& test : json::parse(replace_lone_surrogates(text))) {
    if (test.is_string()) continue;  // a comment
    SCOPED_TRACE(test.dump());
    run(test, count);
  }
  std::cout << "passed " << count.passed << ", skipped " << count.other_schemes + count.idna
            << " (other schemes: " << count.other_schemes << ", IDNA: " << count.idna << ")\n";
  EXPECT_GT(count.passed, 0);
}

}  // namespace
