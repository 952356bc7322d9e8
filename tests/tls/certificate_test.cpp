#include <ctime>
#include <string>

#include <tls/certificate_authority.hpp>
#include <tls/secure_streams.hpp>

#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::tls_context;
using hocket::tls_errc;
using hocket::tls_identity;
using hocket::tls_layer;
using hocket::verify_mode;
using hocket::testing::certificate_options;
using hocket::testing::failure;
using hocket::testing::failure_of;
using hocket::testing::issue;
using hocket::testing::issued_certificate;
using hocket::testing::localhost_server;
using hocket::testing::make_authority;
using hocket::testing::plain_pair;
using hocket::testing::secure;
using hocket::testing::stream_pair;
using hocket::testing::trusting_client;

namespace {

const issued_certificate& authority() {
  static const issued_certificate made = make_authority("an authority");
  return made;
}

/// The two ends of a handshake that fails.
struct both_failures {
  failure client;
  failure server;
};

coro<both_failures> shake(tls_context client_context, tls_context server_context, std::string host = "localhost") {
  auto [client, server] = co_await plain_pair();
  auto [first, second] = co_await hocket::gather(
      failure_of(hocket::start_tls(std::move(client), client_context, {.server_hostname = std::move(host)})),
      failure_of(hocket::start_tls(std::move(server), server_context, {.server_side = true})));
  co_return both_failures{first, second};
}

/// What a client that trusts `authority` has against a server that shows `shown`.
coro<failure> objection(tls_identity shown, std::string host = "localhost") {
  auto failed = co_await shake(trusting_client({.cadata = authority().certificate}),
                               localhost_server({.identities = {std::move(shown)}}), std::move(host));
  co_return failed.client;
}

std::string day_in(int days) {
  const std::time_t when = std::time(nullptr) + days * 86400L;
  std::tm parts{};
  ::gmtime_r(&when, &parts);
  char text[11];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

constexpr const char* accepted = "nothing was thrown";

}  // namespace

HOCKET_TEST(tls_certificate, of_itself_alone_is_not_trusted) {
  const auto failed = co_await shake(tls_context::client(), localhost_server());
  EXPECT_EQ(failed.client.code, tls_errc::certificate_self_signed) << failed.client.text;
  EXPECT_EQ(failed.server.code, tls_errc::peer_refused);
  EXPECT_TRUE(failed.server.text.ends_with("the peer refuses: unknown ca")) << failed.server.text;
}

HOCKET_TEST(tls_certificate, is_not_looked_at_without_verification) {
  EXPECT_EQ((co_await shake(tls_context::client({.verify = false}), localhost_server(), "")).client.text, accepted);
}

HOCKET_TEST(tls_certificate, of_a_trusted_authority_is_accepted_for_its_names_and_addresses) {
  const auto good = issue({.hosts = {"localhost", "*.example.org", "192.0.2.1", "2001:db8::1"}}, &authority());
  for (const char* host : {"localhost", "www.example.org", "192.0.2.1", "2001:db8::1", "LOCALHOST", "localhost."})
    EXPECT_EQ((co_await objection(good.identity(), host)).text, accepted) << host;
  for (const char* host : {"example.org", "a.b.example.org", "192.0.2.2", "2001:db8::2", "an authority"}) {
    const auto failed = co_await objection(good.identity(), host);
    EXPECT_EQ(failed.code, tls_errc::certificate_hostname_mismatch) << host << ": " << failed.text;
  }
}

HOCKET_TEST(tls_certificate, for_an_address_holds_in_every_zone) {
  const auto good = issue({.hosts = {"fe80::1"}}, &authority());
  EXPECT_EQ((co_await objection(good.identity(), "fe80::1%lo")).text, accepted);
  EXPECT_EQ((co_await objection(good.identity(), "fe80::2%lo")).code, tls_errc::certificate_hostname_mismatch);
}

HOCKET_TEST(tls_certificate, made_for_an_address_of_several_zones_is_for_it_once) {
  const auto made =
      hocket::make_self_signed_certificate({.hosts = {"localhost", "fe80::1%lo", "fe80::1", "localhost"}});
  const auto client = trusting_client({.cadata = made.certificate});
  const auto server = localhost_server({.identities = {made.identity()}});
  auto pair = co_await secure(co_await plain_pair(), client, server);
  const auto shown = pair.client.find_layer<tls_layer>()->peer_certificate();
  EXPECT_EQ(shown->addresses, std::vector<std::string>{"fe80::1"});
  EXPECT_EQ(shown->names, std::vector<std::string>{"localhost"});
}

HOCKET_TEST(tls_certificate, cannot_be_asked_to_be_for_any_name_of_a_domain) {
  const auto below = issue({.hosts = {"www.example.org"}}, &authority());
  EXPECT_EQ((co_await objection(below.identity(), ".example.org")).text,
            "start_tls: a server_hostname that begins with a dot");
}

HOCKET_TEST(tls_certificate, for_another_host_is_refused_by_name) {
  const auto other = issue({.hosts = {"a.example"}}, &authority());
  const auto failed = co_await objection(other.identity(), "b.example");
  EXPECT_TRUE(failed.text.ends_with("the certificate is for 'a.example', not 'b.example'")) << failed.text;
}

HOCKET_TEST(tls_certificate, with_control_characters_in_its_names_is_shown_without_them) {
  const auto hostile = issue({.hosts = {"a\x1b[2Jb\x7f\xff.example"}}, &authority());
  const auto failed = co_await objection(hostile.identity(), "b.example");
  EXPECT_TRUE(failed.text.ends_with("the certificate is for 'a.[2Jb...example', not 'b.example'")) << failed.text;
}

HOCKET_TEST(tls_certificate, has_its_name_in_the_alternative_names_and_not_in_the_subject) {
  const auto old_manner = issue({.subject = "localhost", .hosts = {}}, &authority());
  EXPECT_EQ((co_await objection(old_manner.identity())).code, tls_errc::certificate_hostname_mismatch);
}

HOCKET_TEST(tls_certificate, that_has_expired_is_refused_with_its_day) {
  const auto expired = issue({.begins_in_days = -20, .ends_in_days = -10}, &authority());
  const auto failed = co_await objection(expired.identity());
  EXPECT_EQ(failed.code, tls_errc::certificate_expired);
  EXPECT_TRUE(failed.text.ends_with("certificate has expired on " + day_in(-10))) << failed.text;
}

HOCKET_TEST(tls_certificate, that_is_not_yet_valid_is_refused_with_its_day) {
  const auto early = issue({.begins_in_days = 5}, &authority());
  const auto failed = co_await objection(early.identity());
  EXPECT_EQ(failed.code, tls_errc::certificate_not_yet_valid);
  EXPECT_TRUE(failed.text.ends_with("certificate is not valid before " + day_in(5))) << failed.text;
}

HOCKET_TEST(tls_certificate, for_another_purpose_is_refused) {
  const auto of_client = issue({.purposes = "clientAuth"}, &authority());
  EXPECT_EQ((co_await objection(of_client.identity())).code, tls_errc::certificate_wrong_purpose);
}

HOCKET_TEST(tls_certificate, of_an_unknown_authority_is_refused) {
  const auto stranger = make_authority("a stranger");
  const auto leaf = issue({}, &stranger);
  const auto failed = co_await objection(leaf.identity());
  EXPECT_EQ(failed.code, tls_errc::certificate_unknown_authority);
  EXPECT_TRUE(failed.text.ends_with(
      "unable to get local issuer certificate (an intermediate is missing or the authority is unknown)"))
      << failed.text;
}

HOCKET_TEST(tls_certificate, needs_its_intermediates) {
  const auto intermediate = make_authority("an intermediate", &authority());
  const auto leaf = issue({}, &intermediate);
  EXPECT_EQ((co_await objection(leaf.identity())).code, tls_errc::certificate_unknown_authority);
  EXPECT_EQ((co_await objection(leaf.identity_with(intermediate))).text, accepted);
}

HOCKET_TEST(tls_certificate, of_an_expired_intermediate_is_refused_with_its_name) {
  const auto expired = issue(
      {.subject = "old", .hosts = {}, .authority = true, .purposes = {}, .begins_in_days = -20, .ends_in_days = -10},
      &authority());
  const auto leaf = issue({}, &expired);
  const auto failed = co_await objection(leaf.identity_with(expired));
  EXPECT_EQ(failed.code, tls_errc::certificate_expired);
  EXPECT_TRUE(failed.text.ends_with(day_in(-10) + " (the authority 'CN=old')")) << failed.text;
}

HOCKET_TEST(tls_certificate, cannot_be_issued_by_one_that_is_no_authority) {
  const auto leaf = issue({}, &authority());
  const auto below = issue({.subject = "below"}, &leaf);
  const auto failed = co_await objection(below.identity_with(leaf));
  EXPECT_EQ(failed.code, tls_errc::certificate_invalid) << failed.text;
}

HOCKET_TEST(tls_certificate, is_chosen_by_the_name_that_is_asked_for) {
  const auto first = issue({.subject = "first", .hosts = {"first.example"}}, &authority());
  const auto second = issue({.subject = "second", .hosts = {"*.second.example"}}, &authority());
  const auto server = localhost_server({.identities = {first.identity(), second.identity()}});
  const auto client = trusting_client({.check_hostname = false, .cadata = authority().certificate});
  for (const auto& [asked, shown] :
       {std::pair{"first.example", "CN=first"}, std::pair{"www.second.example", "CN=second"},
        std::pair{"other.example", "CN=first"}}) {
    auto pair = co_await secure(co_await plain_pair(), client, server, {.server_hostname = asked});
    EXPECT_EQ(pair.client.find_layer<tls_layer>()->peer_certificate()->subject, shown) << asked;
  }
}

HOCKET_TEST(tls_certificate, with_the_very_name_is_chosen_before_one_with_a_wildcard) {
  const auto first = issue({.subject = "first", .hosts = {"first.example"}}, &authority());
  const auto wild = issue({.subject = "wild", .hosts = {"*.example.org"}}, &authority());
  const auto exact = issue({.subject = "exact", .hosts = {"www.example.org"}}, &authority());
  const auto old_manner = issue({.subject = "old.example", .hosts = {}}, &authority());
  const auto server =
      localhost_server({.identities = {first.identity(), wild.identity(), exact.identity(), old_manner.identity()}});
  const auto client = trusting_client({.check_hostname = false, .cadata = authority().certificate});
  for (const auto& [asked, shown] : {std::pair{"www.example.org", "CN=exact"}, std::pair{"ftp.example.org", "CN=wild"},
                                     std::pair{"old.example", "CN=first"}}) {
    auto pair = co_await secure(co_await plain_pair(), client, server, {.server_hostname = asked});
    EXPECT_EQ(pair.client.find_layer<tls_layer>()->peer_certificate()->subject, shown) << asked;
  }
}

HOCKET_TEST(tls_certificate, of_a_client_that_nobody_asked_for_is_not_sent) {
  const auto own = issue({.subject = "somebody"}, &authority());
  auto pair = co_await secure(co_await plain_pair(), trusting_client({.identity = own.identity()}), localhost_server());
  EXPECT_EQ(pair.server.find_layer<tls_layer>()->peer_certificate(), std::nullopt);
}

HOCKET_TEST(tls_certificate, of_a_client_is_seen_by_the_server) {
  const auto own = issue({.subject = "somebody"}, &authority());
  for (const auto mode : {verify_mode::optional, verify_mode::required}) {
    const auto server = localhost_server({.client_certificates = mode, .cadata = authority().certificate});
    auto pair = co_await secure(co_await plain_pair(), trusting_client({.identity = own.identity()}), server);
    EXPECT_EQ(pair.server.find_layer<tls_layer>()->peer_certificate()->subject, "CN=somebody");
    EXPECT_EQ(pair.server.find_layer<tls_layer>()->peer_chain().size(), 1u);
  }
}

HOCKET_TEST(tls_certificate, of_a_client_may_be_left_out_if_it_is_optional) {
  const auto server =
      localhost_server({.client_certificates = verify_mode::optional, .cadata = authority().certificate});
  EXPECT_EQ((co_await shake(trusting_client(), server)).server.text, accepted);
}

HOCKET_TEST(tls_certificate, of_a_client_is_missed_if_it_is_required) {
  const auto server =
      localhost_server({.client_certificates = verify_mode::required, .cadata = authority().certificate});
  EXPECT_EQ((co_await shake(trusting_client(), server)).server.code, tls_errc::certificate_missing);
}

HOCKET_TEST(tls_certificate, of_a_client_is_checked_also_if_it_is_optional) {
  const auto stranger = make_authority("a stranger");
  const auto own = issue({.subject = "somebody"}, &stranger);
  const auto server =
      localhost_server({.client_certificates = verify_mode::optional, .cadata = authority().certificate});
  const auto failed = co_await shake(trusting_client({.identity = own.identity()}), server);
  EXPECT_EQ(failed.server.code, tls_errc::certificate_unknown_authority) << failed.server.text;
}

HOCKET_TEST(tls_certificate, of_a_client_that_is_refused_after_its_handshake_is_heard_of_by_receiving) {
  const auto server =
      localhost_server({.client_certificates = verify_mode::required, .cadata = authority().certificate});
  auto [client, other] = co_await plain_pair();
  auto refusing = hocket::create_task(failure_of(hocket::start_tls(std::move(other), server, {.server_side = true})));
  auto stream = co_await hocket::start_tls(std::move(client), trusting_client(), {.server_hostname = "localhost"});

  const auto failed = co_await failure_of(stream.receive());

  EXPECT_EQ(failed.code, tls_errc::peer_refused);
  EXPECT_TRUE(failed.text.ends_with("the peer refuses: certificate required")) << failed.text;
  co_await refusing;
}
