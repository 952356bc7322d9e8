#pragma once

#include <cstdint>
#include <span>

#include <hocket/crawl/engine.hpp>
#include <hocket/graph/changes.hpp>

#include "crawl_arguments.hpp"

namespace hocket::app {

// What is told of a crawl when it has ended, and made of its files.

/// How it went: a line, or the summary; and what was left, if it was interrupted or if hosts want to be left alone. On a loop.
void print_result(const crawl_arguments& arguments, const crawl::progress& result, bool was_interrupted,
                  std::span<const crawl::resting_host> resting);

/// What is different from the crawl that was made again. `not_sent`: pages that have not changed.
void print_changes(const crawl_arguments& arguments, const graph::change_counts& counts, std::uint64_t not_sent);

/// As `hocket graph` and `hocket report` make them of the complete files. Blocks. Throws `failure`, `hocket::error`.
void write_graph_and_report(const crawl_arguments& arguments);

}  // namespace hocket::app
