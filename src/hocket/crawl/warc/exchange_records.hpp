#pragma once

#include <string_view>

#include <hocket/crawl/warc/recorded_exchange.hpp>
#include <hocket/crawl/warc/warc_contents.hpp>
#include <hocket/crawl/warc/warc_files.hpp>
#include <hocket/loop/random_source.hpp>

namespace hocket::crawl {

/// The records of an exchange: `response` or `revisit`, `request`, `metadata`. A response that others may refer to goes into `contents`: one that
/// was read to its end, and has a body. `archived`: since when an archive has what was not sent, for it has not been modified (304); empty:
/// none has. Source: WARC 1.1, 6.3, 6.5, 6.6 and 6.7.
[[nodiscard]] warc_records records_of(recorded_exchange done, std::string_view archived, warc_contents& contents,
                                      random_source& random);

}  // namespace hocket::crawl
