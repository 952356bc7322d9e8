#include <hocket/crawl/detail/found_copy.hpp>

namespace hocket::crawl::detail {

page_copy::page_copy(const page_record& page, std::span<const page_link> links)
    : plain_(page),
      url_(page.url),
      final_url_(page.final_url),
      content_type_(page.content_type),
      archived_(page.archived),
      error_(page.error),
      redirects_(page.redirects.begin(), page.redirects.end()),
      links_(links.begin(), links.end()) {
  if (page.validators != nullptr) validators_ = *page.validators;
  if (page.declared != nullptr) declared_ = *page.declared;
  if (page.elements != nullptr) elements_ = *page.elements;
  bytes_ = sizeof *this + url_.size() + final_url_.size();
  for (const page_link& each : links_) bytes_ += sizeof each + each.url.href().size();
}

page_record page_copy::record() const {
  page_record page = plain_;
  page.url = url_;
  page.final_url = final_url_;
  page.content_type = content_type_;
  page.archived = archived_;
  page.error = error_;
  page.redirects = redirects_;
  page.validators = validators_ ? &*validators_ : nullptr;
  page.declared = declared_ ? &*declared_ : nullptr;
  page.elements = elements_ ? &*elements_ : nullptr;
  return page;
}

attempt_record attempt_copy::record() const {
  attempt_record attempt = plain_;
  attempt.url = url_;
  attempt.final_url = final_url_;
  attempt.error = error_;
  return attempt;
}

}  // namespace hocket::crawl::detail
