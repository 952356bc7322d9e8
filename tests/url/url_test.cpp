#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/url/url.hpp>

namespace {

using hocket::url;
using hocket::url_error;

/// The normal form of `input`, or the name of the error.
std::string normal(std::string_view input) {
  const auto result = url::parse(input);
  return result ? result->href() : describe(result.error());
}

std::string resolved(std::string_view reference, std::string_view base) {
  const auto result = url::parse(reference, url::parse(base).value());
  return result ? result->href() : describe(result.error());
}

std::string resolved(std::string_view reference) {
  return resolved(reference, "http://example.org/docs/a/b.html?q=1#f");
}

url_error error_of(std::string_view input) { return url::parse(input).error(); }

// --- parts

TEST(url, knows_all_its_parts) {
  const auto whole = url::parse("https://user:secret@example.org:8080/docs/a.html?q=1#top").value();
  EXPECT_EQ(whole.scheme(), "https");
  EXPECT_EQ(whole.username(), "user");
  EXPECT_EQ(whole.password(), "secret");
  EXPECT_EQ(whole.host(), "example.org");
  EXPECT_EQ(whole.port(), 8080);
  EXPECT_EQ(whole.host_with_port(), "example.org:8080");
  EXPECT_EQ(whole.path(), "/docs/a.html");
  EXPECT_EQ(whole.query(), "q=1");
  EXPECT_EQ(whole.fragment(), "top");
}

TEST(url, has_empty_parts_where_there_is_nothing) {
  const auto bare = url::parse("http://example.org").value();
  EXPECT_EQ(bare.username(), "");
  EXPECT_EQ(bare.password(), "");
  EXPECT_EQ(bare.port(), std::nullopt);
  EXPECT_EQ(bare.path(), "/");
  EXPECT_EQ(bare.query(), "");
  EXPECT_EQ(bare.fragment(), "");
}

TEST(url, tells_an_empty_query_from_none) {
  EXPECT_TRUE(url::parse("http://h/?")->has_query());
  EXPECT_FALSE(url::parse("http://h/#?")->has_query());
}

TEST(url, tells_an_empty_fragment_from_none) {
  EXPECT_TRUE(url::parse("http://h/#")->has_fragment());
  EXPECT_FALSE(url::parse("http://h/?")->has_fragment());
}

TEST(url, has_a_password_without_a_username) {
  const auto odd = url::parse("http://:secret@h/").value();
  EXPECT_EQ(odd.username(), "");
  EXPECT_EQ(odd.password(), "secret");
}

TEST(url, takes_the_scheme_s_own_port_where_none_is_written) {
  EXPECT_EQ(url::parse("http://h/")->port_or_default(), 80);
  EXPECT_EQ(url::parse("https://h/")->port_or_default(), 443);
  EXPECT_EQ(url::parse("wss://h/")->port_or_default(), 443);
  EXPECT_EQ(url::parse("ftp://h/")->port_or_default(), 21);
  EXPECT_EQ(url::parse("http://h:8080/")->port_or_default(), 8080);
}

TEST(url, has_an_origin_without_credentials) {
  EXPECT_EQ(url::parse("https://user:secret@h:8443/path?q")->origin(), "https://h:8443");
}

TEST(url, asks_a_server_for_path_and_query) {
  EXPECT_EQ(url::parse("http://h?q=1#top")->request_target(), "/?q=1");
  EXPECT_EQ(url::parse("http://h/a/b")->request_target(), "/a/b");
}

TEST(url, drops_its_fragment_and_keeps_the_rest) {
  const auto page = url::parse("http://h/a?q#top").value();
  EXPECT_EQ(page.without_fragment(), url::parse("http://h/a?q"));
  EXPECT_FALSE(page.without_fragment().has_fragment());
  EXPECT_TRUE(page.has_fragment());
}

TEST(url, drops_its_fragment_in_place_when_it_is_given_away) {
  auto page = url::parse("http://example.org/a?q#top").value();
  const char* text = page.href().data();
  const url fetched = std::move(page).without_fragment();
  EXPECT_EQ(fetched.href(), "http://example.org/a?q");
  EXPECT_EQ(fetched.href().data(), text);
}

TEST(url, is_equal_and_hashed_alike_however_it_was_written) {
  const std::unordered_set<url> seen{url::parse("http://EXAMPLE.org:80/a/../b").value()};
  EXPECT_TRUE(seen.contains(url::parse("http://example.org/b").value()));
  EXPECT_FALSE(seen.contains(url::parse("http://example.org/b?").value()));
}

// --- normal form

TEST(url_normal_form, has_scheme_and_host_in_lower_case) {
  EXPECT_EQ(normal("HTTP://EXAMPLE.Org/A"), "http://example.org/A");
}

TEST(url_normal_form, drops_the_scheme_s_own_port) { EXPECT_EQ(normal("https://h:00443/"), "https://h/"); }

TEST(url_normal_form, drops_empty_credentials_and_an_empty_password) {
  EXPECT_EQ(normal("http://:@h/"), "http://h/");
  EXPECT_EQ(normal("http://user:@h/"), "http://user@h/");
}

TEST(url_normal_form, takes_the_last_at_sign_as_the_end_of_the_credentials) {
  EXPECT_EQ(normal("http://a:b@c:d@h/"), "http://a:b%40c%3Ad@h/");
}

TEST(url_normal_form, removes_dot_segments_however_they_are_written) {
  EXPECT_EQ(normal("http://h/a/./b/%2E/c/../%2e%2E/.%2e/d/.."), "http://h/");
}

TEST(url_normal_form, keeps_three_dots_and_empty_segments) {
  EXPECT_EQ(normal("http://h//a/...//"), "http://h//a/...//");
}

TEST(url_normal_form, treats_backslashes_as_slashes_up_to_the_query) {
  EXPECT_EQ(normal("http:\\\\h\\a\\..\\b?\\#\\"), "http://h/b?\\#\\");
}

TEST(url_normal_form, drops_blanks_around_and_tabs_and_line_ends_within) {
  EXPECT_EQ(normal(" \n ht\ttp://h/a\r\nb \x01"), "http://h/ab");
}

TEST(url_normal_form, encodes_in_each_part_what_the_standard_says) {
  EXPECT_EQ(normal("http://'|`@h/ \"'<>^`{|}"), "http://'%7C%60@h/%20%22'%3C%3E%5E%60%7B|%7D");
  EXPECT_EQ(normal("http://h/? \"'<>^`{|}"), "http://h/?%20%22%27%3C%3E^`{|}");
  EXPECT_EQ(normal("http://h/# \"'<>^`{|}"), "http://h/#%20%22'%3C%3E^%60{|}");
}

TEST(url_normal_form, encodes_bytes_outside_ascii_one_by_one) {
  EXPECT_EQ(normal("http://h/\xc3\xbc?\xff#\xe2\x82\xac"), "http://h/%C3%BC?%FF#%E2%82%AC");
}

TEST(url_normal_form, leaves_percent_signs_of_the_path_alone) {
  EXPECT_EQ(normal("http://h/%41%zz%"), "http://h/%41%zz%");
}

TEST(url_normal_form, is_a_fixed_point) {
  const std::string once = normal("http://U@EXAMPLE.org:81/a/../ b?' #\x80");
  EXPECT_EQ(normal(once), once);
}

// --- hosts

TEST(url_host, is_percent_decoded_before_it_is_judged) {
  EXPECT_EQ(normal("http://%45xample.org/"), "http://example.org/");
  EXPECT_EQ(error_of("http://a%2fb/"), url_error::host_invalid);
}

TEST(url_host, may_be_an_ipv4_address_in_any_of_its_old_forms) {
  EXPECT_EQ(normal("http://2130706433/"), "http://127.0.0.1/");
  EXPECT_EQ(normal("http://0x7f.1/"), "http://127.0.0.1/");
  EXPECT_EQ(normal("http://0177.0.0.01./"), "http://127.0.0.1/");
  EXPECT_EQ(normal("http://%30x7f.1/"), "http://127.0.0.1/");
}

TEST(url_host, that_ends_in_a_number_must_be_an_address) {
  EXPECT_EQ(error_of("http://example.1/"), url_error::ipv4_invalid);
  EXPECT_EQ(error_of("http://1.2.3.4.0/"), url_error::ipv4_invalid);
  EXPECT_EQ(error_of("http://256.0.0.1/"), url_error::ipv4_invalid);
  EXPECT_EQ(error_of("http://1.2.3.08/"), url_error::ipv4_invalid);
  EXPECT_EQ(error_of("http://4294967296/"), url_error::ipv4_invalid);
  EXPECT_EQ(error_of("http://18446744073709551617/"), url_error::ipv4_invalid);
}

TEST(url_host, that_only_looks_like_a_number_is_a_domain) {
  EXPECT_EQ(normal("http://1.2.3.0x1g/"), "http://1.2.3.0x1g/");
}

TEST(url_host, compresses_the_first_longest_run_of_zeros) {
  EXPECT_EQ(normal("http://[1:0:0:2:0:0:0:3]/"), "http://[1:0:0:2::3]/");
  EXPECT_EQ(normal("http://[1:0:0:2:3:0:0:4]/"), "http://[1::2:3:0:0:4]/");
  EXPECT_EQ(normal("http://[1:0:2:3:4:5:6:7]/"), "http://[1:0:2:3:4:5:6:7]/");
  EXPECT_EQ(normal("http://[0:0:0:0:0:0:0:0]/"), "http://[::]/");
}

TEST(url_host, reads_every_form_of_an_ipv6_address) {
  EXPECT_EQ(normal("http://[::FFFF:1.2.3.4]:81/"), "http://[::ffff:102:304]:81/");
  EXPECT_EQ(normal("http://[1:2:3:4:5:6:7::]/"), "http://[1:2:3:4:5:6:7:0]/");
  EXPECT_EQ(normal("http://[0001::]/"), "http://[1::]/");
}

TEST(url_host, refuses_what_is_no_ipv6_address) {
  for (const char* text :
       {"[]", "[:]", "[1:2]", "[::1", "[1::2::3]", "[12345::]", "[::g]", "[1:]", "[1:2:3:4:5:6:7:8:]", "[::1:]",
        "[1:2:3:4:5:6:7:8::]", "[1:2:3:4::5:6:7:8]", "[::1.2.3]", "[::1.2.3.4.5]", "[::01.2.3.4]", "[::1.2.3.256]",
        "[1:2:3:4:5:6:7:1.2.3.4]", "[::2:3:4:5:6:7:1.2.3.4]", "[fe80::1%25eth0]"}) {
    EXPECT_EQ(error_of("http://" + std::string(text) + "/"), url_error::ipv6_invalid) << text;
  }
}

TEST(url_host, outside_ascii_is_written_in_punycode) {
  EXPECT_EQ(normal("http://B\xc3\xbc"
                   "cher.example/"),
            "http://xn--bcher-kva.example/");
  EXPECT_EQ(normal("http://b%C3%BCcher.example/"), "http://xn--bcher-kva.example/");
  EXPECT_EQ(normal("http://stra\xc3\x9f"
                   "e.example/"),
            "http://xn--strae-oqa.example/");
}

TEST(url_host, outside_ascii_may_be_an_address_in_wide_digits) {
  EXPECT_EQ(normal("http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1/"), "http://127.0.0.1/");
}

TEST(url_host, outside_ascii_must_be_a_domain) {
  EXPECT_EQ(error_of("http://\xff.example/"), url_error::idna_invalid);
  EXPECT_EQ(error_of("http://\xc2\xad/"), url_error::idna_invalid);  // nothing is left of a soft hyphen
  EXPECT_EQ(error_of("http://a\xe2\x80\x8d"
                     "b.example/"),
            url_error::idna_invalid);                                            // a joiner that joins nothing
  EXPECT_EQ(error_of("http://\xe2\x84\x80.example/"), url_error::host_invalid);  // U+2100 is a/c
}

TEST(url_host, with_punycode_passes_in_lower_case) {
  EXPECT_EQ(normal("http://XN--Bcher-KVA.de/"), "http://xn--bcher-kva.de/");
}

TEST(url_host, with_bad_punycode_passes_while_it_is_ascii) {
  EXPECT_EQ(normal("http://XN--a/"), "http://xn--a/");
  EXPECT_EQ(error_of("http://xn--a.\xc3\xbc.example/"), url_error::idna_invalid);
}

TEST(url_host, of_a_scheme_that_is_not_special_is_any_text) {
  EXPECT_EQ(normal("foo://EXAMPLE.org:80/"), "foo://EXAMPLE.org:80/");
  EXPECT_EQ(normal("foo://\xc3\xbc%41/"), "foo://%C3%BC%41/");
  EXPECT_EQ(normal("foo://0x7f.1/"), "foo://0x7f.1/");
  EXPECT_EQ(normal("foo://[::1]/"), "foo://[::1]/");
  EXPECT_EQ(error_of("foo://a b/"), url_error::host_invalid);
}

// --- other schemes

TEST(url_scheme, without_slashes_has_an_opaque_path) {
  const auto address = url::parse("MailTo:me@example.org?subject=hi#f").value();
  EXPECT_EQ(address.href(), "mailto:me@example.org?subject=hi#f");
  EXPECT_TRUE(address.has_opaque_path());
  EXPECT_FALSE(address.has_host());
  EXPECT_EQ(address.path(), "me@example.org");
  EXPECT_EQ(address.query(), "subject=hi");
  EXPECT_EQ(address.host_with_port(), "");
  EXPECT_EQ(address.username(), "");
  EXPECT_EQ(address.port_or_default(), 0);
}

TEST(url_scheme, tells_an_empty_host_from_none) {
  EXPECT_TRUE(url::parse("foo:///bar")->has_host());
  EXPECT_EQ(url::parse("foo:///bar")->host(), "");
  EXPECT_FALSE(url::parse("foo:/bar")->has_host());
}

TEST(url_scheme, without_host_keeps_two_slashes_in_its_path) {
  EXPECT_EQ(normal("foo:/..//bar"), "foo:/.//bar");
  EXPECT_EQ(url::parse("foo:/.//bar")->path(), "//bar");
  EXPECT_FALSE(url::parse("foo:/.//bar")->has_host());
  EXPECT_EQ(url::parse("foo:/.//bar")->host_with_port(), "");
  EXPECT_EQ(resolved("../baz", "foo:/.//bar/"), "foo:/.//baz");
  EXPECT_EQ(resolved("/baz", "foo:/.//bar"), "foo:/baz");
  EXPECT_EQ(resolved("#f", "foo:/.//bar"), "foo:/.//bar#f");
}

TEST(url_scheme, file_knows_drives) {
  EXPECT_EQ(normal("file:c|/a/../../../b"), "file:///c:/b");
  EXPECT_EQ(resolved("/d", "file:///c:/a/b"), "file:///c:/d");
  EXPECT_EQ(normal("file://localhost/etc/hosts"), "file:///etc/hosts");
  EXPECT_EQ(normal("file://server/share"), "file://server/share");
}

TEST(url_scheme, is_special_or_not) {
  for (const char* text : {"http://h/", "https://h/", "ws://h/", "wss://h/", "ftp://h/", "file:///"})
    EXPECT_TRUE(url::parse(text)->is_special()) << text;
  for (const char* text : {"foo://h/", "mailto:a", "httpx://h/", "f:/", "files:///"})
    EXPECT_FALSE(url::parse(text)->is_special()) << text;
}

TEST(url_origin, is_opaque_without_a_server) {
  EXPECT_EQ(url::parse("file:///etc/hosts")->origin(), "null");
  EXPECT_EQ(url::parse("data:,x")->origin(), "null");
  EXPECT_EQ(url::parse("foo://h/")->origin(), "null");
  EXPECT_EQ(url::parse("blob:https://h:8443/id")->origin(), "https://h:8443");
  EXPECT_EQ(url::parse("blob:ftp://h/id")->origin(), "null");
}

// --- queries in other encodings

/// Writes U+00E4 as E4 and knows no other character outside ASCII.
class tiny_encoder final : public hocket::query_encoder {
 public:
  void encode(std::string_view text, std::string& bytes, std::vector<missing_character>& missing) const override {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text.substr(at, 2) == "\xc3\xa4") {
        bytes.push_back('\xe4');
        ++at;
      } else if (text.substr(at, 3) == "\xe2\x82\xac") {
        missing.push_back({bytes.size(), U'\u20ac'});
        at += 2;
      } else {
        bytes.push_back(text[at]);
      }
    }
  }
};

std::string resolved_by_tiny_encoder(std::string_view reference, std::string_view base = "http://h/a") {
  return url::parse(reference, url::parse(base).value(), tiny_encoder()).value().href();
}

TEST(url_query, is_written_in_the_encoding_of_the_document) {
  EXPECT_EQ(resolved_by_tiny_encoder("?x=\xc3\xa4 '&y"), "http://h/a?x=%E4%20%27&y");
}

TEST(url_query, names_characters_that_the_encoding_has_not) {
  EXPECT_EQ(resolved_by_tiny_encoder("?\xe2\x82\xac=\xc3\xa4\xe2\x82\xac"),
            "http://h/a?%26%238364%3B=%E4%26%238364%3B");
}

TEST(url_query, is_utf_8_for_web_sockets_and_schemes_that_are_not_special) {
  EXPECT_EQ(resolved_by_tiny_encoder("ws://h/?\xc3\xa4"), "ws://h/?%C3%A4");
  EXPECT_EQ(resolved_by_tiny_encoder("foo://h/?\xc3\xa4"), "foo://h/?%C3%A4");
  EXPECT_EQ(resolved_by_tiny_encoder("mailto:a?\xc3\xa4"), "mailto:a?%C3%A4");
}

TEST(url_query, alone_is_in_the_encoding_of_the_document) {
  EXPECT_EQ(resolved_by_tiny_encoder("/\xc3\xa4#\xc3\xa4"), "http://h/%C3%A4#%C3%A4");
}

// --- setters

TEST(url_setters, change_one_part_and_keep_the_others) {
  auto whole = url::parse("http://example.org").value();
  EXPECT_TRUE(whole.set_scheme("https"));
  EXPECT_TRUE(whole.set_username("user"));
  EXPECT_TRUE(whole.set_password("secret"));
  EXPECT_TRUE(whole.set_host("example.com:1"));
  EXPECT_TRUE(
      whole.set_hostname("b\xc3\xbc"
                         "cher.example"));
  EXPECT_TRUE(whole.set_port("8080"));
  EXPECT_TRUE(whole.set_path("docs/./a.html"));
  EXPECT_TRUE(whole.set_query("q=1"));
  EXPECT_TRUE(whole.set_fragment("top"));
  EXPECT_EQ(whole.href(), "https://user:secret@xn--bcher-kva.example:8080/docs/a.html?q=1#top");
  EXPECT_EQ(url::parse(whole.href()), whole);
  EXPECT_EQ(whole.host(), "xn--bcher-kva.example");
  EXPECT_EQ(whole.port(), 8080);
  EXPECT_EQ(whole.query(), "q=1");
}

TEST(url_setters, remove_what_is_set_to_nothing) {
  auto whole = url::parse("http://user:secret@h:81/a?q#f").value();
  EXPECT_TRUE(whole.set_username(""));
  EXPECT_EQ(whole.href(), "http://:secret@h:81/a?q#f");
  EXPECT_TRUE(whole.set_password(""));
  EXPECT_TRUE(whole.set_port(""));
  EXPECT_TRUE(whole.set_query(""));
  EXPECT_TRUE(whole.set_fragment(""));
  EXPECT_TRUE(whole.set_path(""));
  EXPECT_EQ(whole.href(), "http://h/");
}

TEST(url_setters, tell_empty_from_none) {
  auto whole = url::parse("http://h/").value();
  EXPECT_TRUE(whole.set_query("?"));
  EXPECT_TRUE(whole.set_fragment("#"));
  EXPECT_EQ(whole.href(), "http://h/?#");
}

TEST(url_setters, give_what_becomes_a_files_url_the_form_of_one) {
  for (const std::string_view before :
       {"https://localhost/c|", "http://localhost/C|/../a", "https://h/d|/x", "ws://h:80/a"}) {
    auto whole = url::parse(before).value();
    EXPECT_TRUE(whole.set_scheme("file")) << before;
    EXPECT_EQ(url::parse(whole.href()), whole) << before;
  }
  auto drive = url::parse("https://localhost/c|/a?q#f").value();
  EXPECT_TRUE(drive.set_scheme("file"));
  EXPECT_EQ(drive.href(), "file:///c:/a?q#f");
}

TEST(url_setters, leave_the_url_alone_where_they_refuse) {
  auto whole = url::parse("http://user@h:81/a").value();
  EXPECT_FALSE(whole.set_scheme("mailto"));
  EXPECT_FALSE(whole.set_scheme("file"));
  EXPECT_FALSE(whole.set_scheme(""));
  EXPECT_FALSE(whole.set_host("a b"));
  EXPECT_FALSE(whole.set_host(""));
  EXPECT_FALSE(whole.set_hostname("h:82"));
  EXPECT_FALSE(whole.set_port("x"));
  EXPECT_FALSE(whole.set_port("65536"));
  EXPECT_EQ(whole.href(), "http://user@h:81/a");
  auto opaque = url::parse("mailto:a").value();
  EXPECT_FALSE(opaque.set_path("b"));
  EXPECT_FALSE(opaque.set_host("h"));
  EXPECT_FALSE(opaque.set_username("u"));
  EXPECT_FALSE(opaque.set_port("1"));
  EXPECT_EQ(opaque.href(), "mailto:a");
}

TEST(url_setters, make_nothing_longer_than_a_url_may_be) {
  auto whole = url::parse("http://h/a?q#f").value();
  const std::string before = whole.href();
  const std::string longest(url::max_size, 'x');
  EXPECT_FALSE(whole.set_username(longest));
  EXPECT_FALSE(whole.set_hostname(longest));
  EXPECT_FALSE(whole.set_path(longest));
  EXPECT_FALSE(whole.set_query(longest));
  EXPECT_FALSE(whole.set_fragment(longest));
  EXPECT_EQ(whole.href(), before);
}

TEST(url_setters, guard_a_path_only_while_there_is_no_host) {
  auto whole = url::parse("foo:/.//bar?q#f").value();
  EXPECT_TRUE(whole.set_host("h"));
  EXPECT_EQ(whole.href(), "foo://h//bar?q#f");
  EXPECT_EQ(whole.path(), "//bar");
  auto other = url::parse("foo:/a?q#f").value();
  EXPECT_TRUE(other.set_path("//b"));
  EXPECT_EQ(other.href(), "foo:/.//b?q#f");
  EXPECT_EQ(other.path(), "//b");
  EXPECT_EQ(other.query(), "q");
  EXPECT_TRUE(other.set_path("c"));
  EXPECT_EQ(other.href(), "foo:/c?q#f");
}

// --- resolving

TEST(url_resolving, replaces_the_last_segment) {
  EXPECT_EQ(resolved("c.html"), "http://example.org/docs/a/c.html");
  EXPECT_EQ(resolved("./c.html?x"), "http://example.org/docs/a/c.html?x");
}

TEST(url_resolving, climbs_with_two_dots_but_not_above_the_root) {
  EXPECT_EQ(resolved("../c.html#g"), "http://example.org/docs/c.html#g");
  EXPECT_EQ(resolved(".."), "http://example.org/docs/");
  EXPECT_EQ(resolved("../../../../c"), "http://example.org/c");
}

TEST(url_resolving, begins_at_the_root_with_a_slash) { EXPECT_EQ(resolved("/c/./d"), "http://example.org/c/d"); }

TEST(url_resolving, keeps_path_and_query_where_only_the_fragment_changes) {
  EXPECT_EQ(resolved("#g"), "http://example.org/docs/a/b.html?q=1#g");
  EXPECT_EQ(resolved(""), "http://example.org/docs/a/b.html?q=1");
}

TEST(url_resolving, keeps_the_path_where_only_the_query_changes) {
  EXPECT_EQ(resolved("?x=2"), "http://example.org/docs/a/b.html?x=2");
}

TEST(url_resolving, is_not_misled_by_slashes_in_the_query_of_the_base) {
  EXPECT_EQ(resolved("c", "http://h/a/b?x=/y/z"), "http://h/a/c");
}

TEST(url_resolving, takes_another_host_with_two_slashes) {
  EXPECT_EQ(resolved("//other.example:80"), "http://other.example/");
  EXPECT_EQ(resolved("\\/other.example/x"), "http://other.example/x");
}

TEST(url_resolving, keeps_credentials_and_port_on_the_same_host_only) {
  EXPECT_EQ(resolved("/c", "http://u:p@h:81/"), "http://u:p@h:81/c");
  EXPECT_EQ(resolved("//g/c", "http://u:p@h:81/"), "http://g/c");
}

TEST(url_resolving, takes_an_absolute_url_as_it_is) { EXPECT_EQ(resolved("https://h/x"), "https://h/x"); }

TEST(url_resolving, takes_a_path_behind_the_base_s_own_scheme_as_relative) {
  EXPECT_EQ(resolved("http:c.html"), "http://example.org/docs/a/c.html");
  EXPECT_EQ(resolved("https:c.html"), "https://c.html/");
}

TEST(url_resolving, finds_no_scheme_in_a_colon_behind_a_slash) {
  EXPECT_EQ(resolved("./a:b"), "http://example.org/docs/a/a:b");
  EXPECT_EQ(resolved(":80/"), "http://example.org/docs/a/:80/");
}

TEST(url_resolving, may_read_from_the_base_itself) {
  const auto base = url::parse("http://h/a/b?c=d").value();
  EXPECT_EQ(url::parse(base.query(), base)->href(), "http://h/a/c=d");
}

// --- errors

TEST(url_error, says_that_a_relative_text_lacks_a_base) {
  EXPECT_EQ(error_of("index.html"), url_error::no_scheme);
  EXPECT_EQ(error_of(""), url_error::no_scheme);
  EXPECT_EQ(error_of("//example.org/"), url_error::no_scheme);
}

TEST(url_error, says_that_an_opaque_base_is_none) {
  const auto base = url::parse("mailto:a@b.c").value();
  EXPECT_EQ(url::parse("d", base).error(), url_error::opaque_base);
  EXPECT_EQ(url::parse("", base).error(), url_error::opaque_base);
  EXPECT_EQ(url::parse("#d", base)->href(), "mailto:a@b.c#d");
}

TEST(url_resolving, gives_a_sibling_the_same_without_a_dot_and_a_slash_before_it) {
  for (const std::string_view base :
       {"http://h", "http://h/", "http://h/a/b", "http://h/a/?q#f", "https://u:p@h:8/a/b/c", "foo://h", "foo://h/a/b",
        "foo:/a/b", "foo:/.//a/b", "foo:/a", "foo:opaque", "file:///", "file:///a/b", "file:///C:", "file:///C:/a",
        "file://h/a"})
    for (const std::string_view name : {"n", "name.html", "a+b-c.d", "name?q", "name#f", "name?q=1#f",
                                        "name?q\xc3\xa9 '#f g", "na\tme", "name ", "c"})
      EXPECT_EQ(resolved(name, base), resolved("./" + std::string(name), base)) << name << " on " << base;
}

TEST(url_resolving, takes_another_scheme_as_it_is) {
  for (const char* text : {"mailto:a@b.c", "javascript:void(0)", "data:,x", "file:///etc/passwd", "tel:1", "htp://h/"})
    EXPECT_EQ(resolved(text), text);
}

TEST(url_error, says_that_the_host_is_missing) {
  for (const char* text : {"http://", "http:", "http:///", "http://?q", "http://:80/", "http://user@/"}) {
    EXPECT_EQ(error_of(text), url_error::host_missing) << text;
  }
}

TEST(url_error, says_what_is_wrong_with_a_port) {
  EXPECT_EQ(error_of("http://h:8o/"), url_error::port_invalid);
  EXPECT_EQ(error_of("http://h:65536/"), url_error::port_out_of_range);
  EXPECT_EQ(error_of("http://h:99999999999999999999999/"), url_error::port_out_of_range);
  EXPECT_EQ(normal("http://h:65535/"), "http://h:65535/");
}

TEST(url_error, limits_the_text_that_it_reads) {
  const std::string longest = "http://h/" + std::string(url::max_size - 9, 'a');
  EXPECT_EQ(normal(longest), longest);
  EXPECT_EQ(error_of(longest + "a"), url_error::too_long);
}

TEST(url_error, limits_the_text_that_it_makes) {
  EXPECT_EQ(error_of("http://h/" + std::string(url::max_size / 3, ' ') + "a"), url_error::too_long);
  const auto base = url::parse("http://h/" + std::string(url::max_size - 20, 'a') + "/").value();
  EXPECT_EQ(url::parse("a-longer-name", base).error(), url_error::too_long);
}

TEST(url_error, is_described_for_people) {
  EXPECT_STREQ(describe(url_error::port_out_of_range), "port out of range");
  EXPECT_STREQ(describe(url_error::no_scheme), "no scheme and no base");
}

}  // namespace
