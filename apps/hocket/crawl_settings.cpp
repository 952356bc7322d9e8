#include "crawl_settings.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

namespace hocket::app {

const std::map<std::string, crawl::scope_rule>& scope_choices() {
  static const std::map<std::string, crawl::scope_rule> choices{{"host", crawl::scope_rule::host},
                                                                {"domain", crawl::scope_rule::domain},
                                                                {"prefix", crawl::scope_rule::prefix},
                                                                {"any", crawl::scope_rule::any}};
  return choices;
}

const std::map<std::string, crawl::crawl_order>& order_choices() {
  static const std::map<std::string, crawl::crawl_order> choices{{"breadth", crawl::crawl_order::breadth_first},
                                                                 {"depth", crawl::crawl_order::depth_first}};
  return choices;
}

std::string settings_of(const crawl::crawl_options& options) {
  const auto is_wanted = [&options](const auto& choice) { return choice.second == options.scope; };
  return fmt::format("--scope {}{}{}", std::ranges::find_if(scope_choices(), is_wanted)->first,
                     options.depth ? fmt::format(" --depth {}", *options.depth) : "",
                     options.order == crawl::crawl_order::depth_first ? " --order depth" : "");
}

template <class Value>
static void take_choice(const std::map<std::string, Value>& choices, const std::string& name, Value& into) {
  if (const auto found = choices.find(name); found != choices.end()) into = found->second;
}

void take_settings(std::string_view kept, given_settings given, crawl::crawl_options& options) {
  std::istringstream words{std::string(kept)};
  for (std::string name, value; words >> name >> value;) {
    if (name == "--scope" && !given.scope) take_choice(scope_choices(), value, options.scope);
    if (name == "--order" && !given.order) take_choice(order_choices(), value, options.order);
    if (name == "--depth" && !given.depth) {
      unsigned& depth = options.depth.emplace();
      std::from_chars(value.data(), value.data() + value.size(), depth);
    }
  }
}

}  // namespace hocket::app
