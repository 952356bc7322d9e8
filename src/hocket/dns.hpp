#pragma once

// DNS: a resolver that asks name servers itself, by c-ares.

#include <hocket/dns/dns_error.hpp>
#include <hocket/dns/dns_options.hpp>
#include <hocket/dns/dns_record.hpp>
#include <hocket/dns/dns_resolver.hpp>
