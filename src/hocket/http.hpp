#pragma once

// HTTP: client session, server, static files, and the parts that know no connection.

#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/auth/bearer_auth.hpp>
#include <hocket/http/auth/digest_auth.hpp>
#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/coding/content_coding.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/coding/content_encoder.hpp>
#include <hocket/http/cookies/cookie_date.hpp>
#include <hocket/http/cookies/cookie_jar.hpp>
#include <hocket/http/cookies/cookie_signer.hpp>
#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/http/cookies/public_suffixes.hpp>
#include <hocket/http/cookies/request_cookies.hpp>
#include <hocket/http/cookies/set_cookie.hpp>
#include <hocket/http/field/base64.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/content_disposition.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/form/multipart_parser.hpp>
#include <hocket/http/form/urlencoded.hpp>
#include <hocket/http/forwarded/forwarded.hpp>
#include <hocket/http/forwarded/ip_network.hpp>
#include <hocket/http/forwarded/proxy_protocol.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/http/range/entity_tag.hpp>
#include <hocket/http/range/preconditions.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/session.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/http/status.hpp>
