#include <string>

#include <gtest/gtest.h>

#include <hocket/http/field/base64.hpp>

namespace {

using hocket::http::base64_decode;
using hocket::http::base64_encode;
using hocket::http::base64url_decode;
using hocket::http::base64url_encode;

TEST(base64, of_the_standards_examples) {
  const std::string text = "foobar";
  const std::string encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_EQ(base64_encode(text.substr(0, size)), encoded[size]);
    EXPECT_EQ(base64_decode(encoded[size]), text.substr(0, size));
  }
}

TEST(base64, of_every_byte_is_read_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
    EXPECT_EQ(base64_decode(base64_encode(all)), all);
    EXPECT_EQ(base64url_decode(base64url_encode(all)), all);
  }
}

TEST(base64, of_urls_has_other_digits_and_no_padding) {
  EXPECT_EQ(base64_encode("\xfb\xff\xbf?"), "+/+/Pw==");
  EXPECT_EQ(base64url_encode("\xfb\xff\xbf?"), "-_-_Pw");
}

TEST(base64, that_no_encoder_writes_is_refused) {
  for (const std::string text :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "-_-_", "=Zg="})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  for (const std::string text : {"Z", "Zg==", "Zh", "+/+/"}) EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
}

}  // namespace
