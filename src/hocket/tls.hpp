#pragma once

// TLS: contexts, secure streams, certificates made on the spot.

#include <hocket/tls/self_signed_certificate.hpp>
#include <hocket/tls/start_tls.hpp>
#include <hocket/tls/tls_certificate.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_error.hpp>
#include <hocket/tls/tls_layer.hpp>
