#include <map>
#include <string>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/crawl/seed_credentials.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::crawl {
namespace {

class credentials_by_origin {
 public:
  explicit credentials_by_origin(const std::vector<url>& seeds) {
    for (const url& seed : seeds)
      if (seed.has_credentials())
        fields_.try_emplace(seed.origin(),
                            http::format_basic({percent_decode(seed.username()), percent_decode(seed.password())}));
  }

  HOCKET_CORO_WRAPPER coro<http::response> operator()(http::request_message& asked, http::request_sender& next) const {
    const auto known = fields_.find(asked.target.origin());
    if (known != fields_.end() && !asked.fields.contains("Authorization"))
      asked.fields.set("Authorization", known->second);
    return next(asked);
  }

 private:
  std::map<std::string, std::string> fields_;  // what Authorization says
};

}  // namespace

http::client_middleware show_credentials_of(const std::vector<url>& seeds) { return credentials_by_origin(seeds); }

}  // namespace hocket::crawl
