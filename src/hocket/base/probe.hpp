#pragma once

/// HOCKET_PROBE(name, arguments...): a static probe of the provider "hocket", for bpftrace, perf and SystemTap: an instruction that does nothing, and a
/// note of where it is and where its arguments are. For sources only, for whoever builds hocket may have no <sys/sdt.h>: then there are none.
/// The probes are told in docs/tracing.md.
#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#define HOCKET_PROBE(...) STAP_PROBEV(hocket, __VA_ARGS__)
#else
#define HOCKET_PROBE(...) static_cast<void>(0)
#endif
