#pragma once

namespace hocket::crawl {

// A page that asks for stats.json each second and shows it; what it shows is text to the browser, whatever it says.
extern const char* const stats_page;
extern const char* const stats_script;
extern const char* const stats_style;

}  // namespace hocket::crawl
