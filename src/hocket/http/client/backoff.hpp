#pragma once

#include <hocket/core/backoff.hpp>

namespace hocket::http {

using hocket::backoff;

}  // namespace hocket::http
