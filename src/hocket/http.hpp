#pragma once

// HTTP: client session, server, static files.

#include <hocket/http/headers.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/session.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/http/status.hpp>
