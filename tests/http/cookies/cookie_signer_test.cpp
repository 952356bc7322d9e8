#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/cookie_signer.hpp>

namespace {

using hocket::http::cookie_signer;

const std::string old_key(32, 'k');
const std::string new_key(32, 'n');

TEST(cookie_signer, recognises_what_it_has_signed) {
  const cookie_signer signer({old_key});
  for (const std::string value : {"", "user-1", "a.b.c"}) {
    EXPECT_EQ(signer.verify("id", signer.sign("id", value)), value);
  }
}

TEST(cookie_signer, signs_by_hmac_sha256) {
  // printf 'cookie\nid=user-1' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk -binary | basenc --base64url
  EXPECT_EQ(cookie_signer({old_key}).sign("id", "user-1"), "user-1.PFlzxw1iD4ew3lY9i7hPMlwW6kkxacSFlFp5qimL-zY");
}

TEST(cookie_signer, refuses_any_other_byte) {
  const cookie_signer signer({old_key});
  const std::string whole = signer.sign("id", "user-1");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(signer.verify("id", changed), std::nullopt) << changed;
    EXPECT_EQ(signer.verify("id", whole.substr(0, at)), std::nullopt);
  }
  EXPECT_EQ(signer.verify("id", whole + "A"), std::nullopt);
}

TEST(cookie_signer, binds_a_value_to_its_name) {
  const cookie_signer signer({old_key});
  EXPECT_EQ(signer.verify("other", signer.sign("id", "user-1")), std::nullopt);
  EXPECT_EQ(signer.verify("i", signer.sign("id", "user-1")), std::nullopt);
  EXPECT_THROW(static_cast<void>(signer.sign("i=d", "user-1")), hocket::error);
}

TEST(cookie_signer, takes_old_keys_and_signs_with_the_new_one) {
  const cookie_signer before({old_key});
  const cookie_signer both({new_key, old_key});
  const cookie_signer after({new_key});
  EXPECT_EQ(both.verify("id", before.sign("id", "1")), "1");
  EXPECT_EQ(after.verify("id", both.sign("id", "1")), "1");
  EXPECT_EQ(after.verify("id", before.sign("id", "1")), std::nullopt);
}

TEST(cookie_signer, needs_keys) {
  EXPECT_THROW(cookie_signer({}), hocket::error);
  EXPECT_THROW(cookie_signer({old_key, "short"}), hocket::error);
}

}  // namespace
