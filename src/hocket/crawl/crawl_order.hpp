#pragma once

namespace hocket::crawl {

/// Which of a host's URLs comes first: that which was found first, or last.
enum class crawl_order { breadth_first, depth_first };

}  // namespace hocket::crawl
