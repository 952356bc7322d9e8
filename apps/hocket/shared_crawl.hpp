#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/options.hpp>

#include "crawl_arguments.hpp"
#include "crawl_places.hpp"

namespace hocket::app {

/// Whether `--frontier` names a server, where several workers share the crawl, and no folder.
[[nodiscard]] bool is_shared(const std::string& frontier);

/// Makes this process a worker of a shared crawl: its files go into a folder of their own in `--out`. Throws `failure`: options that do not go with it.
void prepare_shared(crawl_arguments& arguments);

/// What the frontier is called where others can read: without the password.
[[nodiscard]] std::string shown_frontier(const std::string& frontier);

/// Joins the crawl; what was not given is taken from it, with `--resume`. Throws `failure`, `hocket::error`.
[[nodiscard]] coro<void> join_shared(const crawl_arguments& arguments, crawl::crawl_options& options,
                                     crawl_places& places);

}  // namespace hocket::app
