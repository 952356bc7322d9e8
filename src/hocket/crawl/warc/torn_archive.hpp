#pragma once

#include <string>

namespace hocket::crawl {

/// What an interrupted process has left half-written ("....warc.gz.open") becomes a whole file: cut behind its last whole gzip member, and
/// named as if it had been closed; removed if it has none. Blocks: reads the file. Throws `hocket::error`.
void mend_torn_archive(const std::string& path);

}  // namespace hocket::crawl
