#include <gtest/gtest.h>

#include <hocket/http/status.hpp>

namespace {

using hocket::http::reason_phrase;

TEST(reason_phrase, knows_registered_codes) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
}

TEST(reason_phrase, is_empty_for_codes_that_nobody_registered) {
  EXPECT_EQ(reason_phrase(299), "");
  EXPECT_EQ(reason_phrase(-1), "");
}

}  // namespace
