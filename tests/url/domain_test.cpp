#include <gtest/gtest.h>

#include <hocket/url/domain.hpp>

namespace {

using hocket::domain_to_unicode;

TEST(domain_to_unicode, shows_the_letters_of_punycode) {
  EXPECT_EQ(domain_to_unicode("www.xn--bcher-kva.example"),
            "www.b\xc3\xbc"
            "cher.example");
  EXPECT_EQ(domain_to_unicode("example.org"), "example.org");
}

TEST(domain_to_unicode, gives_back_what_is_no_domain) {
  EXPECT_EQ(domain_to_unicode("xn--a.example"), "xn--a.example");
  EXPECT_EQ(domain_to_unicode("[::1]"), "[::1]");
  EXPECT_EQ(domain_to_unicode(""), "");
}

}  // namespace
