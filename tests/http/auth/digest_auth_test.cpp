// The answers are those of RFC 7616, 3.9, and RFC 2617, 3.5; the others were computed by Python's hashlib.

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/http/auth/digest_auth.hpp>

namespace {

using hocket::http::digest_algorithm;
using hocket::http::digest_challenge;
using hocket::http::digest_session;
using hocket::http::parse_auth_challenges;
using hocket::http::parse_credentials;
using hocket::http::parse_digest_challenge;

std::optional<digest_challenge> challenge(std::string_view field) {
  return parse_digest_challenge(parse_auth_challenges(field).value().at(0));
}

digest_session mufasa(const std::string& parameters) {
  return {challenge("Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"" + parameters)
              .value(),
          "Mufasa", "Circle Of Life"};
}

std::string get(digest_session& session) { return session.authorize("GET", "/dir/index.html", "0a4f113b"); }

std::string parameter(const std::string& field, std::string_view name) {
  return std::string(parse_credentials(field).value().get(name).value_or("none"));
}

TEST(digest_auth, of_rfc_7616_by_sha_256_and_md5) {
  constexpr std::string_view of_server =
      "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\","
      " opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
  const auto answer = [&](const std::string& algorithm) {
    digest_session session(challenge("Digest algorithm=" + algorithm + ", " + std::string(of_server)).value(), "Mufasa",
                           "Circle of Life");
    return session.authorize("GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
  };
  EXPECT_EQ(answer("SHA-256"),
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm=SHA-256,"
            " nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001,"
            " cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth,"
            " response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\","
            " opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
  EXPECT_EQ(parameter(answer("md5"), "response"), "8ca523f5e9506fed4657c9700eebdbec");
}

TEST(digest_auth, of_rfc_2617) {
  auto session = mufasa(", qop=\"auth,auth-int\"");
  const std::string field = get(session);
  EXPECT_EQ(parameter(field, "response"), "6629fae49393a05397450978507c4ef1");
  EXPECT_EQ(parameter(field, "algorithm"), "none");
  EXPECT_EQ(parameter(field, "opaque"), "none");
}

TEST(digest_auth, counts_requests) {
  auto session = mufasa(", qop=auth");
  static_cast<void>(get(session));
  const std::string field = get(session);
  EXPECT_EQ(parameter(field, "nc"), "00000002");
  EXPECT_EQ(parameter(field, "response"), "15b6bb427e3fecd23a43cb702ce447d5");
}

TEST(digest_auth, of_rfc_2069_has_no_quality_of_protection) {
  auto session = mufasa("");
  const std::string field = get(session);
  EXPECT_EQ(parameter(field, "response"), "670fd8c2df070c60b045671b8b24ff02");
  EXPECT_EQ(parameter(field, "cnonce"), "none");
}

TEST(digest_auth, keeps_the_nonces_of_a_session) {
  auto md5 = mufasa(", qop=auth, algorithm=MD5-sess");
  EXPECT_EQ(parameter(get(md5), "response"), "8e3825c57e897f5a0dec6c2d4e5059d0");
  EXPECT_EQ(parameter(md5.authorize("GET", "/dir/index.html", "another"), "response"),
            "d16df0df0d92cef8935129145e21b5e1");
  auto sha = mufasa(", qop=auth, algorithm=sha-256-SESS");
  EXPECT_EQ(parameter(get(sha), "response"), "b8822e12417cb7750f4e2b8515f0dcf25b7dd26993e80bee1426201446a7f59b");
  EXPECT_EQ(parameter(get(sha), "response"), "da9692cb42087d7011243410f92f21c13acecaa6bbafa73f6da70d95ef263f0b");
}

TEST(digest_auth, signs_the_content_where_the_server_wants_nothing_else) {
  auto session = mufasa(", qop=auth-int");
  EXPECT_THROW(static_cast<void>(get(session)), hocket::error);
  const std::string field = session.authorize("POST", "/dir/index.html", "0a4f113b", "body");
  EXPECT_EQ(parameter(field, "qop"), "auth-int");
  EXPECT_EQ(parameter(field, "response"), "dca9ff67010f70af399e472e7367c12e");
}

TEST(digest_auth, hashes_the_name_of_the_user_if_asked) {
  auto session = mufasa(", qop=auth, userhash=true");
  const std::string field = get(session);
  EXPECT_EQ(parameter(field, "username"), "74f54fe2c8045a5ffda7d02fd97f1716");
  EXPECT_EQ(parameter(field, "userhash"), "true");
  EXPECT_EQ(parameter(field, "response"), "6629fae49393a05397450978507c4ef1");
}

TEST(digest_auth, writes_names_outside_of_ascii_the_extended_way) {
  digest_session session(challenge("Digest realm=a, nonce=b, qop=auth").value(), "J\xc3\xa4s\xc3\xb8n Doe", "x");
  const std::string field = get(session);
  EXPECT_EQ(parameter(field, "username*"), "UTF-8''J%C3%A4s%C3%B8n%20Doe");
  EXPECT_EQ(parameter(field, "username"), "none");
}

TEST(digest_auth, goes_on_with_the_next_nonce) {
  auto session = mufasa(", qop=auth");
  static_cast<void>(get(session));
  EXPECT_EQ(session.take_authentication_info("nextnonce=\"nonce2\", qop=auth"), std::nullopt);
  const std::string field = session.authorize("GET", "/dir/index.html", "c2");
  EXPECT_EQ(parameter(field, "nonce"), "nonce2");
  EXPECT_EQ(parameter(field, "nc"), "00000001");
  EXPECT_EQ(parameter(field, "response"), "3b27ce8f7cf1b48a499106b8303b221c");
}

TEST(digest_auth, checks_the_proof_of_the_server) {
  auto session = mufasa(", qop=auth");
  static_cast<void>(get(session));
  EXPECT_EQ(session.take_authentication_info("rspauth=\"376602cfd2f4e8e5e78b948a85263e85\", qop=auth, nc=00000001"),
            true);
  EXPECT_EQ(session.take_authentication_info("rspauth=\"376602cfd2f4e8e5e78b948a85263e86\""), false);
  EXPECT_EQ(session.take_authentication_info("\"\""), std::nullopt);
}

TEST(digest_auth, escapes_what_stands_in_quotes) {
  digest_session session(challenge("Digest realm=\"a\\\"b\", nonce=c, opaque=\"\", qop=auth").value(), "u\"", "x");
  const std::string field = get(session);
  EXPECT_NE(field.find("username=\"u\\\"\", realm=\"a\\\"b\""), std::string::npos) << field;
  EXPECT_NE(field.find("opaque=\"\""), std::string::npos) << field;
  digest_session injected(challenge("Digest realm=a, nonce=c, qop=auth").value(), "u\r\n", "x");
  EXPECT_THROW(static_cast<void>(get(injected)), hocket::error);
}

TEST(digest_challenge, is_read) {
  const auto read =
      challenge("Digest realm=r, nonce=n, stale=TRUE, qop=\"auth-int\", algorithm=SHA-256, charset=UTF-8").value();
  EXPECT_TRUE(read.stale);
  EXPECT_TRUE(read.offers_auth_int);
  EXPECT_FALSE(read.offers_auth);
  EXPECT_EQ(read.algorithm, digest_algorithm::sha256);
  EXPECT_FALSE(challenge("Digest realm=r, nonce=n, stale=no").value().stale);
}

TEST(digest_challenge, that_asks_for_something_else_is_refused) {
  for (const std::string field :
       {"Digest realm=r", "Digest nonce=n", "Basic realm=r, nonce=n", "Digest realm=r, nonce=n, algorithm=SHA-512-256",
        "Digest realm=r, nonce=n, qop=other", "Digest realm=r, nonce=n, qop=\"\""}) {
    EXPECT_EQ(challenge(field), std::nullopt) << field;
  }
}

TEST(digest_auth, draws_its_nonce_at_random) {
  hocket::random_source random(1);
  const std::string one = hocket::http::make_cnonce(random);
  EXPECT_EQ(one.size(), 32U);
  EXPECT_NE(hocket::http::make_cnonce(random), one);
}

}  // namespace
