#pragma once

// HTTP: client session, server, static files, and the parts that know no connection.

#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/coding/content_coding.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/coding/content_encoder.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/content_disposition.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/form/multipart_parser.hpp>
#include <hocket/http/form/urlencoded.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/session.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/http/status.hpp>
