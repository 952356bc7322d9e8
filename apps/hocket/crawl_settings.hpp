#pragma once

#include <map>
#include <string>
#include <string_view>

#include <hocket/crawl/options.hpp>

namespace hocket::app {

/// What --scope takes.
[[nodiscard]] const std::map<std::string, crawl::scope_rule>& scope_choices();
/// What --order takes.
[[nodiscard]] const std::map<std::string, crawl::crawl_order>& order_choices();

/// What would make another crawl of it: kept in the folder of `--frontier`, and the same when the crawl is resumed.
///
/// "--scope host --depth 3": as they are given.
[[nodiscard]] std::string settings_of(const crawl::crawl_options& options);

/// Which of them were given, so that they are not taken from the folder.
struct given_settings {
  bool scope = false;
  bool depth = false;
  bool order = false;
};

/// Takes what was not given from what `settings_of` has made; passes over what it has not.
void take_settings(std::string_view kept, given_settings given, crawl::crawl_options& options);

}  // namespace hocket::app
