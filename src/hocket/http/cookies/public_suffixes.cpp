#include <libpsl.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/public_suffixes.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http {

struct public_suffixes::list {
  const psl_ctx_t* rules = nullptr;
  psl_ctx_t* owned = nullptr;  // null if it belongs to the library

  explicit list(const psl_ctx_t* of_the_library) noexcept : rules(of_the_library) {}
  explicit list(const std::string& path) : owned(::psl_load_file(path.c_str())) {
    if (owned == nullptr) throw error("no list of public suffixes in '" + path + "'");
    rules = owned;
  }
  list(const list&) = delete;
  list& operator=(const list&) = delete;
  ~list() { ::psl_free(owned); }
};

const public_suffixes& public_suffixes::built_in() {
  static const public_suffixes rules{std::make_unique<list>(::psl_builtin())};
  return rules;
}

public_suffixes::public_suffixes(const std::string& path) : list_(std::make_unique<list>(path)) {}
public_suffixes::public_suffixes(std::unique_ptr<list> rules) noexcept : list_(std::move(rules)) {}
public_suffixes::public_suffixes(public_suffixes&&) noexcept = default;
public_suffixes& public_suffixes::operator=(public_suffixes&&) noexcept = default;
public_suffixes::~public_suffixes() = default;

bool public_suffixes::contains(std::string_view domain) const {
  if (list_->rules == nullptr) return domain.find('.') == std::string_view::npos;
  return ::psl_is_public_suffix(list_->rules, std::string(domain).c_str()) != 0;
}

std::string public_suffixes::registrable_domain(std::string_view host) const {
  if (list_->rules == nullptr || socket_address::parse(host, 0)) return {};
  const std::string name(host);
  const char* domain = ::psl_registrable_domain(list_->rules, name.c_str());  // points into `name`
  return domain == nullptr ? std::string() : std::string(domain);
}

}  // namespace hocket::http
