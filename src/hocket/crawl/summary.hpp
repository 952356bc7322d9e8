#pragma once

#include <string>

#include <hocket/crawl/engine.hpp>

namespace hocket::crawl {

/// summary.json: what `progress` says, and what the process used.
[[nodiscard]] std::string summary_json(const progress& final_state);

}  // namespace hocket::crawl
